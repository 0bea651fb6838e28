import type { ServerResponse } from "node:http";

/** A handler's answer. `server.ts` is the only place that writes it to a socket. */
export type Reply = {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** Writes the body itself after the headers are out; resolves when the response is over. */
  stream?(response: ServerResponse): Promise<void>;
};

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}

/** Resolves when the client can take more data, or is gone. */
export function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.once("drain", done);
    response.once("close", done);
    if (response.destroyed) done();
  });
}
