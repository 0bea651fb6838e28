import { expect, it } from "vitest";
import { withRetry } from "./retry";

it.each([
  ["a full disk", "53100"],
  ["no memory", "53200"],
  ["too many connections", "53300"],
  ["a server that starts up", "57P03"],
])("tries again after %s", async (_name, code) => {
  let tries = 0;
  const work = async () => {
    if (++tries < 3) throw Object.assign(new Error("not now"), { cause: { originalCode: code } });
    return "saved";
  };
  expect(await withRetry(work, { doing: "Saving" })).toBe("saved");
  expect(tries).toBe(3);
});

it("does not repeat what will never work", async () => {
  let tries = 0;
  const work = async () => {
    tries += 1;
    throw Object.assign(new Error("no such column"), { code: "42703" });
  };
  await expect(withRetry(work, { doing: "Saving" })).rejects.toThrow("no such column");
  expect(tries).toBe(1);
});
