import net, { type Socket } from "node:net";

/**
 * What can happen to a wire. `reset`: connections break and new ones are refused. `blackhole`: what is sent is gone,
 * silently, and a connection that has lost something stays dead, as after a change of networks. `delay` and
 * `throttle`: everything arrives, late.
 */
export type WireFault = "reset" | "blackhole" | "delay" | "throttle";

export type Direction = "up" | "down";

export type TcpProxy = {
  port: number;
  /** Connections the proxy has accepted so far. */
  accepted(): number;
  /** Resets every connection and refuses new ones. */
  cut(): void;
  /** The wire is bad from now on, beginning with the bytes that are passing, until `heal`. */
  degrade(fault: WireFault): void;
  heal(): void;
  close(): Promise<void>;
};

const DELAY_MS = 400;
const THROTTLE_BYTES = 256;
const THROTTLE_PAUSE_MS = 25;

/** A wire that can be cut: Playwright's `setOffline` leaves open streams alone, a real network does not. */
export async function tcpProxy(
  targetPort: number,
  /** Told of the bytes before they pass. */
  onTraffic: (direction: Direction, bytes: Buffer) => void = () => {},
): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let fault: WireFault | undefined;
  let accepted = 0;

  const server = net.createServer((client) => {
    if (fault === "reset") return void client.resetAndDestroy();
    accepted += 1;
    const target = net.connect(targetPort, "127.0.0.1");
    const connection = { isDead: false };
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("close", () => sockets.delete(socket));
      // A cut wire is what this is for: both ends learn of it by the close of their own socket.
      socket.on("error", () => (socket === client ? target : client).destroy());
    }
    forward("up", client, target, connection);
    forward("down", target, client, connection);
  });

  function forward(direction: Direction, from: Socket, to: Socket, connection: { isDead: boolean }): void {
    let passed = Promise.resolve();
    const inOrder = (work: () => Promise<void> | void) => {
      passed = passed.then(work).catch(() => {}); // One of the two ends is gone, which its own close tells.
    };
    from.on("data", (bytes: Buffer) => {
      onTraffic(direction, bytes);
      if (fault === "blackhole") connection.isDead = true;
      if (fault === "reset" || connection.isDead) return;
      const slow = fault;
      if (slow === undefined && to.writableLength > 1024 * 1024) {
        from.pause();
        to.once("drain", () => from.resume());
      }
      inOrder(() => pass(bytes, to, slow));
    });
    from.on("end", () => inOrder(() => void (connection.isDead || to.end())));
  }

  const reset = () => sockets.forEach((socket) => socket.resetAndDestroy());
  const degrade = (next: WireFault) => {
    fault = next;
    if (next === "reset") reset();
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : 0,
    accepted: () => accepted,
    degrade,
    cut: () => degrade("reset"),
    heal() {
      fault = undefined;
    },
    close() {
      reset();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function pass(bytes: Buffer, to: Socket, slow: WireFault | undefined): Promise<void> {
  if (slow === "delay") await pause(DELAY_MS);
  if (slow !== "throttle") return void to.write(bytes);
  for (let sent = 0; sent < bytes.length && !to.destroyed; sent += THROTTLE_BYTES) {
    to.write(bytes.subarray(sent, sent + THROTTLE_BYTES));
    await pause(THROTTLE_PAUSE_MS);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
