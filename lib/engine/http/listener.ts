import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import type { Log } from "../log";

type Listener = {
  port: number;
  /** Counts open connections, and the bytes written to them that their peers have not read yet. */
  load(): { connections: number; bufferedBytes: number };
  close(): Promise<void>;
};

type ListenOptions = {
  host: string;
  port: number;
  onRequest: (request: http.IncomingMessage, response: http.ServerResponse) => void;
  onStream: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void;
  log: Log;
  /** A socket that sends nothing for this long is closed. */
  sniffTimeoutMs?: number;
};

/** Keeps the connection of an idle S2 client: turns are minutes apart, and each reconnect delays an answer. */
const IDLE_SESSION_MS = 15 * 60_000;
const MAX_CONNECTIONS = 10_000;
const PREFACE = Buffer.from("PRI * HTTP/2.0");

/**
 * Serves HTTP/1.1 (browsers, `fetch`) and HTTP/2 without TLS (the S2 client in Node) on one port. Node's servers speak
 * one protocol each, so a plain TCP server looks at the first bytes and hands the socket over unread.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const h1 = http.createServer(options.onRequest);
  h1.keepAliveTimeout = 65_000;
  h1.headersTimeout = 15_000;
  h1.requestTimeout = 0;
  // Node starts the timeout for half-sent headers on this event, and this server itself never listens.
  h1.emit("listening");

  const h2 = http2.createServer({ settings: { initialWindowSize: 10 * 1024 * 1024 } });
  const sessions = new Set<http2.ServerHttp2Session>();
  h2.on("session", (session) => {
    sessions.add(session);
    // A graceful close: open requests finish, and the client's next append opens another connection.
    session.setTimeout(IDLE_SESSION_MS, () => session.close());
    session.on("close", () => sessions.delete(session));
  });
  h2.on("stream", options.onStream);
  h2.on("sessionError", (error) => options.log("http2 session failed", { error: error.message }));

  const sockets = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true, pauseOnConnect: false }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {}); // The HTTP server above sees the close of a vanished peer.
    sniff(socket, options.sniffTimeoutMs ?? 10_000, (isHttp2) =>
      (isHttp2 ? h2 : h1).emit("connection", socket),
    );
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => resolve());
  });

  return {
    port: (server.address() as net.AddressInfo).port,
    load() {
      let bufferedBytes = 0;
      for (const socket of sockets) bufferedBytes += socket.writableLength;
      return { connections: sockets.size, bufferedBytes };
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of sessions) session.close();
      h1.closeIdleConnections();
      const force = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, 250);
      await closed;
      clearTimeout(force);
      h1.close();
    },
  };
}

/** Reads enough bytes to tell the protocols apart and puts them back, so that the chosen server sees all of them. */
function sniff(socket: net.Socket, timeoutMs: number, decide: (isHttp2: boolean) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  socket.once("close", () => clearTimeout(timer));
  socket.on("readable", compareBytes);

  function compareBytes(): void {
    for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null) {
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    }
    const length = Math.min(seen.length, PREFACE.length);
    const couldBeHttp2 = seen.subarray(0, length).equals(PREFACE.subarray(0, length));
    if (couldBeHttp2 && length < PREFACE.length) return;
    socket.off("readable", compareBytes);
    clearTimeout(timer);
    socket.unshift(seen);
    decide(couldBeHttp2);
  }
}
