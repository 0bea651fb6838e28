import { KnownError } from "@/components/chat/shared/known-error";
import type { HumanRequestView } from "@/components/chat/requests/request";
import type { ChatListOptions, ChatListPage, ListedChat } from "@/lib/chat/chats/list";
import type { Outcome } from "@/lib/chat/effects/outcomes";
import type { Transcript } from "@/lib/chat/tree/queries";
import type { SearchHit } from "@/lib/chat/chats/search";
import type { ShareSummary } from "@/lib/chat/chats/share";
import type { JobProgress } from "@/lib/agent/progress";
import type { ChatUsage } from "@/lib/chat/chats/usage";

/* Everything that the page reads from the server, over the GET routes in `app/api`. Server actions are not used for
   reads: Next runs those of a tab one after the other, so a slow read would delay Approve. */

/** JSON has no dates. */
type Sent<T> = { [K in keyof T]: T[K] extends Date ? string : T[K] };

/** The requests of a chat, and the tools that run in it without asking. */
/** A tool that runs in the chat without asking: its code name and its title. */
export type AllowedTool = { name: string; title: string };
export type ChatRequests = { requests: HumanRequestView[]; allowedTools: AllowedTool[] };

/** A page of the signed-in person's chats. */
export async function readChats(options: ChatListOptions, signal?: AbortSignal): Promise<ChatListPage> {
  type Page = Omit<ChatListPage, "chats"> & { chats: Sent<ListedChat>[] };
  const { chats, ...page } = await readJson<Page>(`/api/chats${queryOf(options)}`, signal);
  return { ...page, chats: chats.map(listed) };
}

/** One chat of the list; null if it doesn't exist (yet), or belongs to someone else. */
export async function readListedChat(chatId: string, signal?: AbortSignal): Promise<ListedChat | null> {
  return readJson<Sent<ListedChat>>(ofChat(chatId), signal).then(listed, nullWhenNotFound);
}

/** The newest page of the shown branch, the page before a message, or the branch through a node. */
export function readTranscript(chatId: string, page: { before?: string; through?: string } = {}) {
  return readJson<Transcript>(`${ofChat(chatId)}/transcript${queryOf(page)}`);
}

/** The requests of a chat, oldest first, and the tools that run in it without asking. */
export function readChatRequests(chatId: string, signal?: AbortSignal): Promise<ChatRequests> {
  return readJson(`${ofChat(chatId)}/requests`, signal);
}

/** The signed-in person's pending requests in all chats, oldest first. */
export function readWaitingRequests(signal?: AbortSignal): Promise<HumanRequestView[]> {
  return readJson("/api/requests", signal);
}

/** The current user of this browser. */
export function readMe(signal?: AbortSignal): Promise<{ userId: string | null; email: string | null }> {
  return readJson("/api/me", signal);
}

/** The token use and cost of a chat. */
export function readUsage(chatId: string, signal?: AbortSignal): Promise<ChatUsage> {
  return readJson(`${ofChat(chatId)}/usage`, signal);
}

/** The state of a tool's effect: whether it happened, if known. */
export function readOutcome(chatId: string, effect: string, signal?: AbortSignal): Promise<Outcome> {
  return readJson(`${ofChat(chatId)}/effects/${encodeURIComponent(effect)}`, signal);
}

/** How far a long job of the chat is. */
export function readLongJob(chatId: string, jobId: string, signal?: AbortSignal): Promise<JobProgress> {
  return readJson(`${ofChat(chatId)}/jobs/${encodeURIComponent(jobId)}`, signal);
}

/** Matches for `query` in the signed-in person's chats. */
export function searchChats(query: string): Promise<Sent<SearchHit>[]> {
  return readJson(`/api/search${queryOf({ q: query })}`);
}

/** The share links of a chat. */
export async function readShares(chatId: string, signal?: AbortSignal): Promise<ShareSummary[]> {
  const shares = await readJson<Sent<ShareSummary>[]>(`/api/shares${queryOf({ chat: chatId })}`, signal);
  return shares.map((share) => ({ ...share, createdAt: new Date(share.createdAt) }));
}

function listed(chat: Sent<ListedChat>): ListedChat {
  return { ...chat, updatedAt: new Date(chat.updatedAt) };
}

function ofChat(chatId: string): string {
  return `/api/chats/${encodeURIComponent(chatId)}`;
}

function queryOf(options: object): string {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return given.length === 0
    ? ""
    : `?${new URLSearchParams(given.map(([key, value]) => [key, String(value)]))}`;
}

/** A read that the server refused, with its sentence for the person. */
class ReadError extends KnownError {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function nullWhenNotFound(error: unknown): null {
  if (error instanceof ReadError && error.status === 404) return null;
  throw error;
}

const UNREACHABLE = "Can't reach the server. Check your connection and try again.";

/** A failed connection is a TypeError, as with `fetch` itself, so that callers retry it. */
async function readJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { ...(signal && { signal }), headers: { accept: "application/json" } });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new TypeError(UNREACHABLE, { cause: error });
  }
  const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
  if (response.ok && isJson) return response.json() as Promise<T>;
  const { error = UNREACHABLE } = (isJson && (await response.json().catch(() => null))) || {};
  // A proxy answered with a page of its own, so the server wasn't reached.
  if (!isJson) throw new TypeError(UNREACHABLE);
  throw new ReadError(response.status, String(error));
}
