import "server-only";
/** Who may see which session, and access to the engine with the key that never leaves the server. */
import { headers } from "next/headers";
import { isInRanges } from "@/lib/http/addresses";
import type { InspectedSchedule, InspectedSession } from "@/lib/inspected";
import { getUser } from "@/lib/auth";
import { listChatPage } from "@/lib/chat/chats/list";
import { findOwnedChat } from "@/lib/chat/tree/queries";
import { clientAddress } from "@/lib/http/client-address";
import { chatOfSubAgent } from "@/lib/chat/sub-agents/sub-agents";
import { db } from "@/lib/db/client";
import { env } from "@/lib/env";
import type { Prisma } from "@/prisma/generated/client";

/** `key` is the id of the chat or sub-agent, or the session's own if it belongs to neither. */
export type ListedSession = InspectedSession & { key: string; title: string | null };

export type SessionList = {
  engine: "none" | "away" | "here";
  sessions: ListedSession[];
  schedules: InspectedSchedule[];
  now: number;
};

const SHOWN = 100;

/** Developers on their own machine see everything; in production people see only their own sessions. */
export function seesEverything(): boolean {
  return process.env.NODE_ENV === "development";
}

/**
 * In development, only requests from this machine, by address and by host name: no other device on the network, and no
 * tunnel.
 */
export async function isOpen(): Promise<boolean> {
  if (!seesEverything()) return env.INSPECT;
  const requestHeaders = await headers();
  const host = requestHeaders.get("host") ?? "";
  const { hostname } = URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : { hostname: "" };
  const isHere = hostname === "localhost" || isInRanges(hostname.replace(/^\[|\]$/g, ""), ["loopback"]);
  return isHere && isInRanges(clientAddress({ headers: requestHeaders }), ["loopback"]);
}

export function hasCrashButton(): boolean {
  return env.CRASH_BUTTON ?? process.env.NODE_ENV === "development";
}

export async function listSessions(): Promise<SessionList> {
  let schedules: InspectedSchedule[] = [];
  const list = (engine: SessionList["engine"], sessions: ListedSession[] = []) => ({
    engine,
    sessions,
    schedules,
    now: Date.now(),
  });
  if (!env.ENGINE_URL || !(await isOpen())) return list("none");
  schedules = await listSchedules();
  const chats = seesEverything() ? null : await ownChats();
  if (chats?.length === 0) return list("here");
  const query = chats ? `?${new URLSearchParams({ externalIds: chats.map(({ id }) => id).join(",") })}` : "";
  const response = await callEngine(`/inspect/sessions${query}`).catch(() => null);
  if (!response?.ok) return list("away");
  const { sessions } = (await response.json()) as { sessions: InspectedSession[] };
  const titles = new Map((chats ?? (await chatsOf(sessions))).map(({ id, title }) => [id, title]));
  return list(
    "here",
    sessions.map((session) => {
      const key = session.externalId ?? session.id;
      return { ...session, key, title: titles.get(key) ?? null };
    }),
  );
}

/** They belong to the site, and say nothing about a person. */
async function listSchedules(): Promise<InspectedSchedule[]> {
  const response = await callEngine("/inspect/schedules").catch(() => null);
  if (!response?.ok) return [];
  return ((await response.json()) as { schedules: InspectedSchedule[] }).schedules;
}

/** Returns false for a foreign session and an unknown one alike. */
export async function mayInspect(key: string): Promise<boolean> {
  if (!(await isOpen())) return false;
  if (seesEverything()) return true;
  const user = await getUser();
  if (user === null) return false;
  const chatId = (await chatOfSubAgent(db, key)) ?? key;
  return (await findOwnedChat(db, chatId, user.id)) !== null;
}

export function callEngine(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${env.ENGINE_URL}${path}`, {
    ...init,
    cache: "no-store",
    headers: { authorization: `Bearer ${env.TRIGGER_SECRET_KEY}` },
  });
}

type Titled = { id: string; title: string | null };

/** The person's chats with their sub-agents. */
async function ownChats(): Promise<Titled[]> {
  const user = await getUser();
  if (!user) return [];
  const { chats } = await listChatPage(db, user.id, { limit: SHOWN });
  return [...chats, ...(await subAgents({ chatId: { in: chats.map(({ id }) => id) } }))];
}

async function chatsOf(sessions: InspectedSession[]): Promise<Titled[]> {
  const ids = sessions.flatMap(({ externalId }) => externalId ?? []);
  const where = { id: { in: ids } };
  const chats = await db.chat.findMany({ where, select: { id: true, title: true } });
  return [...chats, ...(await subAgents(where))];
}

async function subAgents(where: Prisma.SubAgentWhereInput): Promise<Titled[]> {
  const found = await db.subAgent.findMany({
    where,
    orderBy: { createdAt: "desc" },
    take: SHOWN,
    select: { id: true, name: true, chat: { select: { title: true } } },
  });
  return found.map(({ id, name, chat }) => ({ id, title: chat.title ? `${name} in ${chat.title}` : name }));
}
