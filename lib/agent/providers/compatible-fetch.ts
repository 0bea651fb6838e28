/**
 * `fetch` for OpenAI-compatible servers, which take the format more or less literally. What they send is brought to
 * the form that the provider package reads, so that an answer is not lost to its wrapping.
 */
import { ModelSetupError } from "./setup-error";

type Chunk = {
  error?: unknown;
  choices?: {
    index?: number;
    delta?: Message;
    message?: Message;
    finish_reason?: string | null;
  }[];
};

type Message = { tool_calls?: ToolCall[] | null } & Record<string, unknown>;
type ToolCall = { index?: number; function?: { arguments?: unknown } } & Record<string, unknown>;

/** Throws `ModelSetupError` when the address answers with a web page. */
export async function compatibleFetch(
  input: Parameters<typeof fetch>[0],
  init?: Parameters<typeof fetch>[1],
): Promise<Response> {
  const response = await fetch(input, init);
  if (!response.ok || response.body === null) return response;
  const isStreamed = typeof init?.body === "string" && /"stream"\s*:\s*true/.test(init.body);
  const { start, body } = await peek(response.body);
  if (start.startsWith("<"))
    throw new ModelSetupError(
      "The address of the model server answers with a web page. Check OPENAI_BASE_URL: it usually ends in /v1.",
    );
  if (!isStreamed || !start.startsWith("{")) {
    const mended = isStreamed
      ? body
          .pipeThrough(new TextDecoderStream())
          .pipeThrough(mendEvents())
          .pipeThrough(new TextEncoderStream())
      : body;
    return new Response(mended, response);
  }
  return asEvents(await new Response(body).text(), response);
}

/** The first characters that are no white space, and a body that still has them. */
async function peek(source: ReadableStream<Uint8Array<ArrayBuffer>>) {
  const reader = source.getReader();
  const seen: Uint8Array<ArrayBuffer>[] = [];
  let start = "";
  while (start === "") {
    const { value, done } = await reader.read();
    if (done) break;
    seen.push(value);
    start = Buffer.concat(seen)
      .toString("utf8")
      .replace(/^\ufeff/, "")
      .trimStart();
  }
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const next = seen.shift();
      if (next) return controller.enqueue(next);
      const { value, done } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return { start, body };
}

/** A whole completion where a stream was asked for. */
function asEvents(text: string, response: Response): Response {
  const headers = { "content-type": "text/event-stream" };
  let completion: Chunk;
  try {
    completion = JSON.parse(text) as Chunk;
  } catch {
    return new Response(text, response);
  }
  if (completion.error !== undefined) {
    const { code } = (completion.error ?? {}) as { code?: unknown };
    const status = typeof code === "number" && code >= 400 && code <= 599 ? code : 502;
    return new Response(text, { status, headers: { "content-type": "application/json" } });
  }
  const chunk = mendChunk(completion);
  for (const choice of chunk.choices ?? []) {
    choice.finish_reason ||= choice.delta?.tool_calls?.length ? "tool_calls" : "stop";
    for (const [index, call] of (choice.delta?.tool_calls ?? []).entries()) call.index ??= index;
  }
  return new Response(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`, { status: 200, headers });
}

/** Server-sent events in, the same out: each whole, and with an end where the server meant one. */
function mendEvents(): TransformStream<string, string> {
  let rest = "";
  let data: string[] = [];
  let hasEnded = false;
  let hasFailed = false;
  let callsTools = false;
  const send = (controller: TransformStreamDefaultController<string>, event: string) =>
    controller.enqueue(`data: ${event}\n\n`);

  function take(controller: TransformStreamDefaultController<string>, event: string): void {
    if (event.trim() === "[DONE]") return end(controller);
    let chunk: Chunk;
    try {
      chunk = mendChunk(JSON.parse(event) as Chunk);
    } catch {
      hasFailed = true;
      return send(controller, event);
    }
    hasFailed ||= chunk.error !== undefined;
    callsTools ||= chunk.choices?.some(({ delta }) => delta?.tool_calls?.length) ?? false;
    hasEnded ||= chunk.choices?.some(({ finish_reason }) => finish_reason) ?? false;
    send(controller, JSON.stringify(chunk));
  }

  /** Some servers end with `[DONE]` and give no reason. That is an end; a stream that only stops is none. */
  function end(controller: TransformStreamDefaultController<string>): void {
    if (!hasEnded && !hasFailed) {
      const finish_reason = callsTools ? "tool_calls" : "stop";
      send(controller, JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason }] }));
    }
    hasEnded = true;
    send(controller, "[DONE]");
  }

  function line(controller: TransformStreamDefaultController<string>, text: string): void {
    if (text.startsWith("data:")) data.push(text.slice(5).replace(/^ /, ""));
    if (text !== "" || data.length === 0) return;
    take(controller, data.join("\n"));
    data = [];
  }

  return new TransformStream({
    transform(text, controller) {
      const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      for (const each of lines) line(controller, each);
    },
    flush(controller) {
      line(controller, rest);
      line(controller, "");
      // The provider's package would call this a missing reason; it is a connection that broke.
      if (!hasEnded && !hasFailed) controller.error(new Error("The stream stopped before its end."));
    },
  });
}

/** Arguments as text, a delta where a whole message came, and no empty reason. */
function mendChunk(chunk: Chunk): Chunk {
  if (typeof chunk !== "object" || chunk === null) return chunk;
  for (const choice of chunk.choices ?? []) {
    choice.delta ??= choice.message;
    if (choice.finish_reason === "") choice.finish_reason = null;
    for (const { function: called } of choice.delta?.tool_calls ?? [])
      if (called && typeof called.arguments === "object" && called.arguments !== null)
        called.arguments = JSON.stringify(called.arguments);
  }
  return chunk;
}
