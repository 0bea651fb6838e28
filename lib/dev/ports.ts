import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "@/lib/db/embedded-postgres";
import { Problem } from "./problem";

export type PortChoice = {
  /** What the user asked for, if anything. */
  wanted: string | undefined;
  /** Where it was asked, for the sentence: `PORT`, `--port`. */
  source: string;
  fallback: number;
  /** Default: every interface, as Next listens. */
  host?: string;
  /** How long a wanted port may stay taken by somebody who is just leaving. */
  patienceMs?: number;
};

const neighbours = 50;

/** A wanted port or none: somebody relies on it. The default may give way to its neighbours. */
export async function choosePort({ wanted, source, fallback, host, patienceMs = 0 }: PortChoice) {
  if (!wanted) {
    for (let port = fallback; port < fallback + neighbours; port++) if (await isFree(port, host)) return port;
    return freePort();
  }
  const port = Number(wanted);
  if (!/^\d+$/.test(wanted) || port > 65_535) {
    throw new Problem(
      `${source} is "${wanted}", which is no port: use a number from 1 to 65535, or leave it out.`,
    );
  }
  if (port === 0) return freePort();
  const deadline = Date.now() + patienceMs;
  while (!(await isFree(port, host))) {
    if (Date.now() < deadline) await delay(200);
    else
      throw new Problem(
        `Port ${port} (${source}) is taken: stop what listens there, or set ${source} to another.`,
      );
  }
  return port;
}

export async function isFree(port: number, host?: string) {
  // macOS lets one process listen on every interface and another on loopback, so both are asked.
  const hosts = host ? [host] : [undefined, "127.0.0.1"];
  for (const each of hosts) if (!(await canListen(port, each))) return false;
  return true;
}

function canListen(port: number, host: string | undefined) {
  return new Promise<boolean>((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EACCES") return resolve(false);
      reject(new Problem(`Port ${port} is reserved for the administrator: choose one above 1023.`));
    });
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
