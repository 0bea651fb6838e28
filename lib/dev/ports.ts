import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "@/lib/db/embedded-postgres";
import { Problem } from "./problem";

type PortChoice = {
  /** The port that the user chose, if any. */
  wanted: string | undefined;
  /** The name of the choice, for the error message: `PORT`, `--port`. */
  source: string;
  fallback: number;
  /** Default: every interface, as Next does. */
  host?: string;
  /** How long to wait for a process that is stopping to free the chosen port. */
  waitMs?: number;
};

const fallbacks = 50;

/** Returns the port that the user chose, or throws. Without a choice it returns the first free one from `fallback` on. */
export async function choosePort({ wanted, source, fallback, host, waitMs = 0 }: PortChoice) {
  if (!wanted) {
    for (let port = fallback; port < fallback + fallbacks; port++) if (await isFree(port, host)) return port;
    return freePort();
  }
  const port = Number(wanted);
  if (!/^\d+$/.test(wanted) || port > 65_535) {
    throw new Problem(
      `${source} is "${wanted}", which is not a port. Use a number from 1 to 65535, or leave it out.`,
    );
  }
  if (port === 0) return freePort();
  const deadline = Date.now() + waitMs;
  while (!(await isFree(port, host))) {
    if (Date.now() < deadline) await delay(200);
    else
      throw new Problem(
        `Port ${port} (${source}) is in use. Stop the program that uses it, or set ${source} to another port.`,
      );
  }
  return port;
}

export async function isFree(port: number, host?: string) {
  // macOS lets one process listen on every interface and another on loopback, so both are tried.
  const hosts = host ? [host] : [undefined, "127.0.0.1"];
  for (const each of hosts) if (!(await canListen(port, each))) return false;
  return true;
}

function canListen(port: number, host: string | undefined) {
  return new Promise<boolean>((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EACCES") return resolve(false);
      reject(new Problem(`Port ${port} is reserved for the administrator. Choose one above 1023.`));
    });
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
