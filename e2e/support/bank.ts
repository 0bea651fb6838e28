/** A service that books what it is told, and then fails to say so: every way in which that happens on a real wire. */
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const bankFailures = [
  "ECONNRESET",
  "fetch failed",
  "502",
  "504",
  "timeout",
  "malformed answer",
] as const;
export type BankFailure = (typeof bankFailures)[number];

export type Booking = { order: string; failure: BankFailure; key: string };
export type Bank = { url: string; bookings: Booking[]; close: () => Promise<void> };

/** `book` is awaited before the bank fails, so that what it did stands whatever the caller makes of it. */
export async function startBank(
  book: (booking: Booking) => Promise<unknown> = async () => {},
): Promise<Bank> {
  const bookings: Booking[] = [];
  const server = createServer((incoming, response) => void answer(incoming, response));

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of incoming) text += String(chunk);
    const booking = JSON.parse(text) as Booking;
    bookings.push(booking);
    await book(booking);
    switch (booking.failure) {
      case "ECONNRESET":
      case "fetch failed":
        return void incoming.socket.resetAndDestroy();
      case "502":
      case "504":
        return void response.writeHead(Number(booking.failure)).end("<h1>Gateway</h1>");
      case "timeout":
        return; // It never answers.
      case "malformed answer":
        return void response.writeHead(200, { "content-type": "application/json" }).end('{"id": "b-1');
    }
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bookings,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What a tool does that asks this bank, without any thought of what an error may mean. */
export async function payAt(url: string, booking: Booking): Promise<{ id: string }> {
  if (booking.failure === "ECONNRESET") return payOverHttp(url, booking);
  const response = await fetch(url, {
    method: "POST",
    body: JSON.stringify(booking),
    signal: AbortSignal.timeout(booking.failure === "timeout" ? 300 : 30_000),
  });
  if (!response.ok) throw new Error(`The bank answers ${response.status}.`);
  return (await response.json()) as { id: string };
}

/** Here the error is the socket's own. */
function payOverHttp(url: string, booking: Booking): Promise<{ id: string }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method: "POST" }, (response) => {
      response.on("error", reject).on("data", (chunk: Buffer) => resolve(JSON.parse(chunk.toString())));
    });
    sent.on("error", reject).end(JSON.stringify(booking));
  });
}
