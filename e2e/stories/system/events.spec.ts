import { createHmac, randomUUID } from "node:crypto";
import { expect, test } from "../../support/story";

test("@promise a signed event becomes a turn of an open chat, once, and a forged one none", async ({
  conversation,
  page,
}) => {
  await page.goto("/settings");
  const form = page.getByRole("form", { name: "Create an account" });
  await form.getByLabel("Email").fill("events@example.com");
  await form.getByLabel("Password").fill("a long enough password");
  await form.getByRole("button", { name: "Create account" }).click();
  const settings = page.getByRole("region", { name: "Events" });
  await settings.getByRole("button", { name: "Send a test event" }).click();
  await settings.getByRole("link", { name: "It arrived. Open the chat." }).click();
  const event = page.getByRole("article", { name: "Event" });
  await expect(event).toContainText("order.paid");
  await expect(conversation.answerTexts).toContainText(["Noted: order.paid from test."]);
  await event.getByRole("button", { name: /order\.paid/ }).click();
  await expect(event.getByRole("group", { name: "Data of the event" })).toContainText('"order": "A-1042"');

  // A service sends another one to the same source, while the page is open.
  await page.goto("/settings");
  const address = await settings.locator("code").first().textContent();
  await settings.getByRole("button", { name: "Show" }).click();
  const secret = await settings.locator("code").last().textContent();
  await page.goBack();
  await expect(conversation.answers).toHaveCount(1);
  const post = (id: string, signed = secret!) => {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const data = JSON.stringify({
      type: "order.shipped",
      timestamp: "2026-01-31T09:30:00Z",
      sequence: 2,
      data: { order: "A-1042", parcels: 2 },
    });
    const key = Buffer.from(signed.replace("whsec_", ""), "base64");
    const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${data}`).digest("base64");
    return fetch(new URL(address!.replace(/shop$/, "test"), page.url()), {
      method: "POST",
      body: data,
      headers: {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": `v1,${signature}`,
      },
    });
  };
  const id = randomUUID();
  expect((await post(randomUUID(), "whsec_AAAA")).status).toBe(401);
  expect((await post(id)).status).toBe(202);
  // It happened before the test event that was told.
  await expect(conversation.answerTexts.last()).toContainText(
    "Noted, although it came late: order.shipped from test.",
  );
  expect((await post(id)).status).toBe(200);
  await page.reload();
  await expect(page.getByRole("article", { name: "Event" })).toHaveCount(2);
  await expect(conversation.answers).toHaveCount(2);
});

test("a guest reads that events need an account", async ({ page }) => {
  await page.goto("/settings");
  await expect(page.getByRole("region", { name: "Events" })).toContainText("Create an account");
});
