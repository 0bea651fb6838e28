/** The production build in front of an engine, and a guest in it who has a long chat. */
import { freePort } from "@/lib/db/embedded-postgres";
import type { Db } from "@/lib/db/client";
import { ensureBuild } from "../../commands/build";
import { startNextProcess } from "../../support/processes";
import type { Engine } from "./engine";

export type App = { url: string; stop(): Promise<void> };

export type Guest = { userId: string; cookie: string };

export async function startApp(engine: Engine): Promise<App> {
  ensureBuild();
  const port = await freePort();
  const next = await startNextProcess({ databaseUrl: engine.databaseUrl, engine, port });
  return { url: `http://localhost:${port}`, stop: () => next.stop() };
}

/** The first action makes a guest; the cookie is what makes the next request theirs. */
export async function visit(app: App): Promise<Guest> {
  const response = await fetch(`${app.url}/guest`, { method: "POST", headers: { origin: app.url } });
  const cookie = response.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  const { userId } = (await response.json()) as { userId?: string };
  if (userId === undefined) throw new Error("The app made no guest of a first visitor");
  return { userId, cookie };
}

/** Questions and answers in turn, every second answer in Markdown. */
export async function writeChat(db: Db, chatId: string, userId: string, size: number): Promise<void> {
  await db.chat.create({
    data: { id: chatId, userId, title: "A long chat", headId: `m${size - 1}`, nextOrder: size },
  });
  await db.message.createMany({
    data: Array.from({ length: size }, (_, order) => {
      const role = order % 2 === 0 ? "user" : "assistant";
      const text = role === "user" ? `Question ${order}, of ordinary length?` : answerText(order);
      return {
        chatId,
        id: `m${order}`,
        messageId: `m${order}`,
        parentId: order === 0 ? null : `m${order - 1}`,
        role,
        order,
        message: { id: `m${order}`, role, parts: [{ type: "text", text }] },
      };
    }),
  });
}

function answerText(order: number): string {
  const plain = `This is answer ${order}. It has two or three sentences, as answers do. Here ends the last one.`;
  if (order % 4 === 1) return plain;
  return `## Answer ${order}\n\n${plain}\n\n- one **point**\n- another, with \`code\`\n\n\`\`\`ts\nconst answer = ${order};\n\`\`\`\n`;
}
