/** The engine in a process of its own, and pages on its chats, as far as the SDK is concerned. */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { auth } from "@trigger.dev/sdk";
import { chat as chatSdk } from "@trigger.dev/sdk/ai";
import { TriggerChatTransport } from "@trigger.dev/sdk/chat";
import { createDb, type Db } from "@/lib/db/client";
import { beginHeadStart } from "@/lib/agent/head-start/begin";
import { createChat, loadTranscript } from "@/lib/chat/tree/queries";
import type { InspectedEvent } from "@/lib/inspected";
import { readAnswer, type Answer, type Script } from "./answer";
import { startService } from "./children";
import { now, pause } from "./clock";
import type { EngineSettings } from "./engine-service";
import { childrenOf, cpuMs } from "./system";

/** As the product ships it; with the flush interval that is usual elsewhere; without a worker kept ready. */
export type EngineKind = "ours" | "flush-100" | "cold";

type Page = {
  chatId: string;
  transport: TriggerChatTransport;
  ask(script: Script): Promise<Answer>;
  /** Starts the session and its first run, as a page does that expects a question. */
  preload(): Promise<void>;
  /** Asks the first question as app/api/chat/route.ts does: this process is the app's server, beside the page. */
  headStart(script: Script): Promise<Answer>;
  /** From Send to the call of the model that answered the newest question, in milliseconds. */
  modelCalledAfterMs(): Promise<number>;
  /** Resolves when the turn is saved: the last chunk is out a moment earlier. */
  saved(): Promise<void>;
};

type PageOptions = { task?: "chat" | "stamped"; chatId?: string; baseURL?: string };

export type Engine = {
  url: string;
  secretKey: string;
  pid: number;
  databaseUrl: string;
  db: Db;
  open(options?: PageOptions): Page;
  mint(chatId: string): Promise<string>;
  workers(): number[];
  /** The process that answers this chat now. */
  workerOf(chatId: string): Promise<number>;
  /** Resolves when a worker stands by that has finished booting. */
  spareIsReady(): Promise<void>;
  /** Kills every worker. The chats stay, and no run of theirs is left. */
  endRuns(): Promise<void>;
  stop(): Promise<void>;
};

export const OWNER = "owner";

type EngineOptions = { databaseUrl: string; engineDatabaseUrl?: string; folder: string };

export async function startEngine(kind: EngineKind, options: EngineOptions): Promise<Engine> {
  const { databaseUrl, folder } = options;
  await mkdir(folder, { recursive: true });
  const secretKey = "tr_dev_bench0123456789abcdefghij";
  const settings: EngineSettings = {
    databaseUrl: options.engineDatabaseUrl ?? databaseUrl,
    secretKey,
    bundlesDir: path.join(folder, "bundles"),
    flushIntervalMs: kind === "flush-100" ? 100 : 1,
    poolSize: kind === "cold" ? 0 : 1,
  };
  const file = new URL("engine-service.ts", import.meta.url).pathname;
  const service = await startService<{ url: string }>(file, settings, { DATABASE_URL: databaseUrl });
  const { url } = service.ready;
  const db = createDb(databaseUrl);
  await db.user.create({ data: { id: OWNER, name: "Owner", email: "owner@example.com" } });
  const withKey = <T>(work: () => Promise<T>) =>
    auth.withAuth({ baseURL: url, accessToken: secretKey }, work) as Promise<T>;
  const mint = (chatId: string) =>
    withKey(() =>
      auth.createPublicToken({ scopes: { read: { sessions: chatId }, write: { sessions: chatId } } }),
    );

  const engine: Engine = {
    url,
    secretKey,
    pid: service.pid,
    databaseUrl,
    db,
    mint,
    open({ task = "chat", chatId = crypto.randomUUID(), baseURL = url } = {}) {
      const startSession = chatSdk.createStartSessionAction(task);
      const transport = new TriggerChatTransport({
        task,
        baseURL,
        accessToken: () => mint(chatId),
        startSession: async () => {
          await createChat(db, { id: chatId, userId: OWNER });
          return withKey(() => startSession({ chatId }));
        },
      });
      let sentAtDate = 0;
      const question = (script: Script) => ({
        id: crypto.randomUUID(),
        role: "user" as const,
        parts: [{ type: "text" as const, text: script.prompt }],
      });
      return {
        chatId,
        transport,
        async headStart(script) {
          sentAtDate = Date.now();
          const sentAt = now();
          await createChat(db, { id: chatId, userId: OWNER });
          const asked = { chatId, userId: OWNER, model: null, message: question(script) };
          if (!(await withKey(() => beginHeadStart(db, asked)))) throw new Error("The chat is not new");
          const publicAccessToken = await mint(chatId);
          transport.setSession(chatId, { publicAccessToken, isStreaming: true, activeInputSeq: 0 });
          return readAnswer(sentAt, (await transport.reconnectToStream({ chatId }))!, script);
        },
        async modelCalledAfterMs() {
          const call = await db.spending.findFirst({
            where: { chatId, purpose: "answer", createdAt: { gte: new Date(sentAtDate) } },
            orderBy: { createdAt: "asc" },
          });
          return call ? call.createdAt.getTime() - sentAtDate : Number.NaN;
        },
        preload: () => transport.preload(chatId),
        async ask(script) {
          sentAtDate = Date.now();
          const sentAt = now();
          const stream = await transport.sendMessages({
            trigger: "submit-message",
            chatId,
            messageId: undefined,
            messages: [question(script)],
            abortSignal: undefined,
          });
          return readAnswer(sentAt, stream, script);
        },
        async saved() {
          for (let waited = 0; waited < 10_000; waited += 10) {
            const transcript = await loadTranscript(db, chatId, { limit: 1 });
            if (transcript?.status === "idle" && transcript.messages.length > 0) return;
            await pause(10);
          }
          throw new Error(`The turn of ${chatId} was never saved`);
        },
      };
    },
    workers: () =>
      childrenOf(service.pid)
        .filter(({ command }) => command.includes("worker.mjs"))
        .map(({ pid }) => pid),
    async workerOf(chatId) {
      const stop = new AbortController();
      const watch = await fetch(`${url}/inspect/sessions/${chatId}/watch`, {
        headers: { authorization: `Bearer ${secretKey}` },
        signal: stop.signal,
      });
      const { value } = await watch.body!.pipeThrough(new TextDecoderStream()).getReader().read();
      stop.abort();
      const { runs } = JSON.parse(value!.split("\n")[0]!) as InspectedEvent;
      const pid = runs?.[0]?.pid;
      if (!pid) throw new Error(`No worker answers ${chatId}`);
      return pid;
    },
    async endRuns() {
      for (const pid of engine.workers()) process.kill(pid, "SIGKILL");
      while ((await liveRuns()) > 0) await pause(50);
    },
    async spareIsReady() {
      for (let waited = 0; waited < 30_000; waited += 250) {
        const runs = await liveRuns();
        const workers = engine.workers();
        const newest = Math.max(...workers);
        const before = workers.length > runs ? cpuMs(newest) : Number.NaN;
        await pause(250);
        // A worker that boots is busy; one that has booted does nothing at all.
        if (before > 0 && cpuMs(newest) === before) return;
      }
      throw new Error("The engine keeps no worker ready");
    },
    async stop() {
      await db.$disconnect();
      await service.stop();
    },
  };
  return engine;

  async function liveRuns(): Promise<number> {
    const health = await fetch(`${url}/healthz`);
    return ((await health.json()) as { runs: number }).runs;
  }
}
