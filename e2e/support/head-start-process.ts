/** A process of its own that gives a chat a head start, as the app's server does, for tests that kill it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { configure } from "@trigger.dev/sdk";
import { beginHeadStart } from "@/lib/agent/head-start/begin";
import { createDb } from "@/lib/db/client";
import { projectDir } from "./processes";

type Options = {
  databaseUrl: string;
  engine: { url: string; secretKey: string };
  chatId: string;
  text: string;
};

/** Of the user `owner`. Resolves at once; `kill` resolves when the process is gone. */
export function startHeadStartProcess({ engine: { url, secretKey }, ...rest }: Options): {
  kill(): Promise<void>;
} {
  const given = JSON.stringify({ ...rest, engine: { url, secretKey } });
  const child = spawn(process.execPath, ["--import", "tsx", import.meta.filename, given], {
    cwd: projectDir,
    stdio: "ignore",
    env: { ...process.env, DATABASE_URL: rest.databaseUrl },
  });
  return {
    async kill() {
      child.kill("SIGKILL");
      if (child.signalCode === null) await once(child, "exit");
    },
  };
}

if (process.argv[1] === import.meta.filename) {
  const { databaseUrl, engine, chatId, text } = JSON.parse(process.argv[2]!) as Options;
  configure({ baseURL: engine.url, accessToken: engine.secretKey });
  const message = { id: "q1", role: "user" as const, parts: [{ type: "text" as const, text }] };
  const begun = await beginHeadStart(createDb(databaseUrl), {
    chatId,
    userId: "owner",
    model: null,
    message,
  });
  await begun?.completion;
  process.exit(0);
}
