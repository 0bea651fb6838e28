import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import { generateText } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { expect, it } from "vitest";
import { testDatabase } from "@/e2e/support/chat-fixtures";
import { createAttachment } from "@/lib/attachments/attachments";
import { postgresStore } from "@/lib/attachments/postgres-store";
import { withAttachments } from "./attachments";

const shared = testDatabase();

/** What the provider is given for files of `owner` when the chat is `reader`'s. */
async function prompted(
  reader: string,
  owner: string,
  files: Array<{ name: string; bytes: Uint8Array }>,
): Promise<LanguageModelV4Prompt[number]["content"]> {
  const store = postgresStore(shared.db);
  let reads = 0;
  const counted = { ...store, get: (id: string) => ((reads += 1), store.get(id)) };
  const model = new MockLanguageModelV4({
    doGenerate: {
      content: [{ type: "text", text: "Seen." }],
      finishReason: { unified: "stop", raw: "stop" },
      usage: {
        inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
        outputTokens: { total: 1, text: 1, reasoning: 0 },
      },
      warnings: [],
    },
  });
  const wrapped = withAttachments(model, { db: shared.db, userId: reader, store: counted });
  const content = await Promise.all(
    files.map(async ({ name, bytes }) => {
      const row = await createAttachment(shared.db, store, { userId: owner, name, bytes });
      const data = { type: "reference" as const, reference: { holdfast: row.id } };
      return { type: "file" as const, mediaType: row.mediaType, filename: row.name, data };
    }),
  );
  const messages = [{ role: "user" as const, content }];
  await generateText({ model: wrapped, messages });
  await generateText({ model: wrapped, messages });
  expect(reads).toBe(reader === owner ? files.length : 0);
  return model.doGenerateCalls[0]!.prompt[0]!.content;
}

const bytes = (text: string) => new TextEncoder().encode(text);

it("gives pictures and PDFs as bytes and text as text, each read once in a turn", async () => {
  const pdf = bytes("%PDF-1.7\n");
  const content = await prompted("ada", "ada", [
    { name: "report.pdf", bytes: pdf },
    { name: 'a"<b>.txt', bytes: bytes("# Hello") },
  ]);
  expect(content).toMatchObject([
    { type: "file", mediaType: "application/pdf", filename: "report.pdf", data: { type: "data", data: pdf } },
    { type: "text", text: '<attachment name="a__b_.txt">\n# Hello\n</attachment>' },
  ]);
});

it("cuts a text that no model would take, and says how much is missing", async () => {
  const content = await prompted("ada", "ada", [{ name: "log", bytes: bytes("x".repeat(250_000)) }]);
  const note = "\n[50,000 more characters were left out.]\n";
  const text = `<attachment name="log">\n${"x".repeat(200_000)}${note}</attachment>`;
  expect(content).toMatchObject([{ type: "text", text }]);
});

it("gives nothing of somebody else's file but the note that it is not there", async () => {
  expect(await prompted("bob", "ada", [{ name: "secret.txt", bytes: bytes("the secret") }])).toMatchObject([
    { type: "text", text: "[The attachment secret.txt is no longer available.]" },
  ]);
});
