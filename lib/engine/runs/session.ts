/** What a session is, and who may use it. Its rows are in `sessions.ts`. */
import { type Identity, requireOwn } from "../http/auth";
import { HttpError } from "../http/errors";

export type TriggerConfig = {
  basePayload: Record<string, unknown>;
  tags?: string[] | undefined;
  /** The person whose session it is. The queue shares out workers by it. */
  concurrencyKey?: string | undefined;
  maxAttempts?: number | undefined;
  maxDuration?: number | undefined;
  idleTimeoutInSeconds?: number | undefined;
  ttl?: string | undefined;
};

export type Session = {
  id: string;
  externalId: string | null;
  type: string;
  task: string;
  triggerConfig: TriggerConfig;
  tags: string[];
  metadata: Record<string, unknown> | null;
  currentRunId: string | null;
  stuckSeq: number | null;
  crashes: number;
  swaps: number;
  closedAt: Date | null;
  closedReason: string | null;
  /** Set when the chat was deleted: browsers no longer reach the session until the app creates it again. */
  revokedAt: Date | null;
  /** A browser's token issued before this time is refused. */
  tokensFrom: Date | null;
  expiresAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
};

export function isOpen(session: Session): boolean {
  return (
    session.closedAt === null &&
    session.revokedAt === null &&
    (session.expiresAt === null || session.expiresAt.getTime() > Date.now())
  );
}

/** The id that the session's creator gave it, if any. Tokens are scoped to it. */
export function addressOf(session: Session): string {
  return session.externalId ?? session.id;
}

/** One direction of a side channel. */
export type SideChannel = { name: string; io: "in" | "out" };

/** Between a session and a side channel in the scope of a token, so no session may have it in its id. */
export const CHANNEL_DELIMITER = ":channels:";

/**
 * Returns the session addressed as `key` if the caller may use it. A token for a side channel reaches that channel only. A browser's token must name it by the id its creator
 * gave it: someone who may choose that id could otherwise choose the engine's id of another person's session.
 */
export function authorizeSession(
  identity: Identity,
  scope: "read:sessions" | "write:sessions",
  key: string,
  session: Session | undefined,
  channel?: SideChannel,
): Session {
  const name = session ? session.externalId : key;
  requireOwn(identity, scope, key, name === null ? [] : namesOf(name, channel));
  if (session && identity.kind === "public") {
    // A token carries its time of issue in whole seconds.
    const from = Math.floor((session.tokensFrom?.getTime() ?? 0) / 1_000) * 1_000;
    if (identity.issuedAt < from) throw new HttpError(401, "The access token was revoked");
  }
  // A revoked session is hidden from browsers only: the app's server restores it with its chat.
  if (!session || (session.revokedAt !== null && identity.kind === "public"))
    throw new HttpError(404, "Session not found");
  return session;
}

/** What a token may say to reach the session, or one of its side channels. */
function namesOf(session: string, channel: SideChannel | undefined): string[] {
  if (session.startsWith("session_") || session.includes(CHANNEL_DELIMITER)) return [];
  if (!channel) return [session];
  const name = `${session}${CHANNEL_DELIMITER}${channel.name}`;
  return [session, name, `${name}:${channel.io}`];
}

/** Names a stream by the session's own id, so that both ways to address a session lead to one stream. */
export function streamName(sessionId: string, io: "in" | "out", channel?: string): string {
  return channel === undefined
    ? `sessions/${sessionId}/${io}`
    : `sessions/${sessionId}/channels/${channel}/${io}`;
}

export function sessionItem(session: Session) {
  return {
    id: session.id,
    externalId: session.externalId,
    type: session.type,
    taskIdentifier: session.task,
    triggerConfig: session.triggerConfig,
    currentRunId: session.currentRunId,
    tags: session.tags,
    metadata: session.metadata,
    closedAt: session.closedAt,
    closedReason: session.closedReason,
    expiresAt: session.expiresAt,
    createdAt: session.createdAt,
    updatedAt: session.updatedAt,
  };
}
