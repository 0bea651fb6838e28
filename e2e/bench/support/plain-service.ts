/** What everyone writes first: one route, `streamText`, nothing kept. On Node's own server, which is faster than Next's. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { convertToModelMessages, stepCountIs, streamText, type UIMessage } from "ai";
import { tools } from "@/trigger/tools/execute";
import { stampedModel } from "./stamped-model";

const server = createServer((request, response) => {
  void (async () => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { messages } = JSON.parse(Buffer.concat(parts).toString()) as { messages: UIMessage[] };
    const answer = streamText({
      model: stampedModel(),
      messages: await convertToModelMessages(messages),
      tools,
      stopWhen: stepCountIs(12),
    }).toUIMessageStreamResponse();
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    const reader = answer.body!.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) response.write(next.value);
    response.end();
  })();
});
server.listen(0, "127.0.0.1", () => {
  process.send!({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
process.once("SIGTERM", () => process.exit(0));
process.once("disconnect", () => process.exit(0));
