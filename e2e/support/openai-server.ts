/** A small OpenAI-compatible server on loopback: chat completions as they are on the wire, one script per request. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type CompletionRequest = {
  path: string;
  authorization: string | undefined;
  body: {
    model?: string;
    stream?: boolean;
    messages?: { role: string; content?: unknown; tool_call_id?: string }[];
    tools?: unknown[];
  };
};

export type Reply =
  | { type: "text"; pieces: string[] }
  | { type: "tool"; name: string; input: unknown; id?: string }
  | { type: "status"; status: number; message: string; headers?: Record<string, string>; code?: string }
  /** The body as it is. */
  | { type: "raw"; contentType: string; body: string }
  /** Chunks as they are, with or without the `[DONE]` behind them. */
  | { type: "chunks"; chunks: object[]; isDone?: boolean }
  /** The connection breaks after these pieces. */
  | { type: "cut"; pieces: string[] };

export type OpenAiServer = {
  /** What goes into `OPENAI_BASE_URL`. */
  url: string;
  requests: CompletionRequest[];
  /** The answers to the next requests, in order. */
  script(...replies: Reply[]): void;
  /** What it answers when it is asked for a title. */
  setTitle(text: string): void;
  /** Forgets its script and what it was asked. */
  reset(): void;
  close(): Promise<void>;
};

export async function startOpenAiServer(models: string[] = ["small-model"]): Promise<OpenAiServer> {
  const requests: CompletionRequest[] = [];
  const replies: Reply[] = [];
  let title = "A title";
  const server: Server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === "/v1/models")
      return json(response, 200, { object: "list", data: models.map((id) => ({ id })) });
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const body = JSON.parse(text) as CompletionRequest["body"];
    // A title is asked for beside the turns, at any moment, and must not take the reply that a turn is to get.
    if (!body.stream) return json(response, 200, completion(title));
    requests.push({ path: request.url ?? "", authorization: request.headers.authorization, body });
    const reply = replies.shift() ?? {
      type: "status",
      status: 500,
      message: "The script of this test is over.",
    };
    if (reply.type === "status") {
      const { status, message, code, headers } = reply;
      return json(response, status, { error: { message, type: "test", code } }, headers);
    }
    if (reply.type === "raw") {
      response.writeHead(200, { "content-type": reply.contentType }).end(reply.body);
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const chunk of chunks(reply)) {
      await new Promise<void>((resolve) =>
        response.write(`data: ${JSON.stringify(chunk)}\n\n`, () => resolve()),
      );
    }
    if (reply.type === "cut") return void response.socket?.destroy();
    if (reply.type === "chunks" && reply.isDone === false) return void response.end();
    response.end("data: [DONE]\n\n");
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    script: (...next) => void replies.push(...next),
    setTitle: (text) => void (title = text),
    reset() {
      requests.length = replies.length = 0;
      title = "A title";
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function completion(content: string): object {
  return {
    id: "chatcmpl-2",
    object: "chat.completion",
    created: 1_700_000_000,
    model: "small-model",
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
  };
}

function chunks(reply: Exclude<Reply, { type: "status" | "raw" }>): object[] {
  const chunk = (delta: object, finish: string | null = null) => ({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model: "small-model",
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const usage = {
    ...chunk({}),
    choices: [],
    usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
  };
  switch (reply.type) {
    case "chunks":
      return reply.chunks;
    case "text":
      return [
        chunk({ role: "assistant", content: "" }),
        ...reply.pieces.map((content) => chunk({ content })),
        chunk({}, "stop"),
        usage,
      ];
    case "cut":
      return [
        chunk({ role: "assistant", content: "" }),
        ...reply.pieces.map((content) => chunk({ content })),
      ];
    case "tool": {
      const text = JSON.stringify(reply.input);
      const call = (part: object) => chunk({ tool_calls: [{ index: 0, ...part }] });
      return [
        chunk({ role: "assistant", content: null }),
        call({ id: reply.id ?? "call_1", type: "function", function: { name: reply.name, arguments: "" } }),
        call({ function: { arguments: text.slice(0, 4) } }),
        call({ function: { arguments: text.slice(4) } }),
        chunk({}, "tool_calls"),
        usage,
      ];
    }
  }
}

function json(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}
