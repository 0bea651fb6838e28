import net, { type Socket } from "node:net";

export type TcpProxy = {
  port: number;
  /** Connections the proxy has accepted so far. */
  accepted(): number;
  /** Resets every connection and refuses new ones. */
  cut(): void;
  heal(): void;
  close(): Promise<void>;
};

/** A wire that can be cut: Playwright's `setOffline` leaves open streams alone, a real network does not. */
export async function tcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isCut = false;
  let accepted = 0;
  const server = net.createServer((client) => {
    if (isCut) return void client.resetAndDestroy();
    accepted += 1;
    const target = net.connect(targetPort, "127.0.0.1");
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("close", () => sockets.delete(socket));
      // A cut wire is what this is for: both ends learn of it by the close of their own socket.
      socket.on("error", () => (socket === client ? target : client).destroy());
    }
    client.pipe(target).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const reset = () => sockets.forEach((socket) => socket.resetAndDestroy());
  return {
    port: typeof address === "object" && address ? address.port : 0,
    accepted: () => accepted,
    cut() {
      isCut = true;
      reset();
    },
    heal() {
      isCut = false;
    },
    close() {
      reset();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
