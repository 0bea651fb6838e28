"use client";

import { generateId, type UIMessage } from "ai";
import { useCallback, useEffect, useRef, useState } from "react";
import type { Transcript } from "./transcript";

/** The version of a message that is shown, among those that stand in its place. Counted from 1. */
export type Version = { index: number; count: number; previousId?: string; nextId?: string };

export type Branches = {
  /** Undefined while a message has no alternatives. */
  versionOf: (messageId: string) => Version | undefined;
  canUndo: boolean;
  canRedo: boolean;
  /** Another branch is looked at while an answer is written on the one that is shown to the model. */
  isReadOnly: boolean;
  /** The answer or question that was left by the last edit or regenerate, while nothing else has happened. */
  earlier: { messageId: string; version: Version } | undefined;
  /** Asks again in other words. Rejects, with the old version back, when it is refused. */
  edit(messageId: string, text: string): Promise<void>;
  /** Another answer, beside the one that is there. */
  regenerate(messageId: string): Promise<void>;
  /** Shows the branch through that node, as it was last seen. */
  switchTo: (nodeId: string) => Promise<void>;
  undo(): Promise<void>;
  redo(): Promise<void>;
  /** Ends the shown branch here; what comes after it stays as a branch of its own. */
  continueFrom(messageId: string): Promise<void>;
};

export type BranchesOptions<M extends UIMessage> = {
  messages: M[];
  setMessages: (messages: M[]) => void;
  /** What the newest load said of versions. */
  saved: Transcript<M>;
  isAnswering: boolean;
  /** The saved branch, or another one through a node. */
  load: (page?: { through: string }) => Promise<Transcript<M>>;
  /** Shows what is saved, once the turn is. */
  settle: () => Promise<void>;
  /** Moves on the server, and returns what is shown then. Rejects when it is refused. */
  move: (move: BranchMove) => Promise<Transcript<M>>;
  show: (fresh: Transcript<M>) => void;
  /** Sends the action and follows its answer to the end. Rejects when it is refused. */
  act: (action: Record<string, unknown>) => Promise<void>;
  stop: () => Promise<void>;
};

/** A step through the tree that asks for nothing. Messages are named by their nodes. */
export type BranchMove =
  | { type: "switch" | "continue-from"; nodeId: string }
  | { type: "undo"; headId: string }
  | { type: "redo"; headId: string | null };

/** What was asked again: the message before it, null at the start, and the versions that stood there. */
type Left = { after: string | null; ids: string[] };

/** Walking the tree: what the reader sees moves at once, what the model sees moves on the server. */
export function useBranches<M extends UIMessage>(
  options: BranchesOptions<M>,
): Branches & { preview: M[] | undefined; moved: () => Promise<unknown> } {
  const { messages, saved, isAnswering, load, act } = options;
  const settle = useRef(options.settle);
  useEffect(() => {
    settle.current = options.settle;
  });
  const [visit, setVisit] = useState<{ nodeId: string; transcript: Transcript<M> }>();
  const [left, setLeft] = useState<Left>();
  // One move at a time, in the order in which they were asked for.
  const moves = useRef<Promise<unknown>>(Promise.resolve());
  const inOrder = useCallback(<T>(move: () => Promise<T>): Promise<T> => {
    const next = moves.current.then(move, move);
    moves.current = next.catch(() => {});
    return next;
  }, []);

  const known = visit?.transcript ?? saved;
  const nodeOf = (messageId: string) => known.versions?.[messageId]?.nodeId ?? messageId;
  const versionsOf = (messageId: string) => known.versions?.[messageId]?.ids ?? [nodeOf(messageId)];

  const list = visit?.transcript.messages ?? messages;
  const askedAgainId = visit === undefined ? messageAfter(left?.after, messages)?.id : undefined;

  // Stable while nothing changes, so that a token does not draw every message again.
  const versionOf = useCallback(
    (messageId: string) => {
      const saved = known.versions?.[messageId];
      if (saved !== undefined || left === undefined || messageId !== askedAgainId) return versionAmong(saved);
      // Until the newest version is saved, only this page knows that it is one.
      return versionAmong({ nodeId: messageId, ids: [...left.ids, messageId] });
    },
    [askedAgainId, known.versions, left],
  );

  const { setMessages, move, show } = options;
  /** Shows what comes of it; when it is refused, what is saved, or at least what was shown before. */
  const orBack = useCallback(
    (work: () => Promise<void>, was: M[]) =>
      inOrder(async () => {
        try {
          await work();
        } catch (error) {
          await settle.current().catch(() => setMessages(was));
          throw error;
        }
      }),
    [inOrder, setMessages],
  );

  const pressed = useRef<string>(undefined);
  const moving = useRef<{ wanted?: string | undefined; sent?: string; done?: Promise<void> }>({});
  /** Of several moves in a row only the last counts: those in between are never sent. */
  const moveTo = useCallback(
    (nodeId: string): Promise<void> => {
      const now = moving.current;
      if (now.done && nodeId === (now.wanted ?? now.sent)) return now.done;
      now.wanted = nodeId;
      now.done ??= inOrder(async () => {
        try {
          while (now.wanted !== undefined) {
            now.sent = now.wanted;
            now.wanted = undefined;
            const fresh = await move({ type: "switch", nodeId: now.sent });
            if (now.wanted === undefined) show(fresh);
          }
        } finally {
          moving.current = {};
          setVisit((current) => (current?.nodeId === now.sent ? undefined : current));
        }
      });
      return now.done;
    },
    [inOrder, move, show],
  );

  // A visit becomes a move as soon as no answer is being written on the branch that is left.
  useEffect(() => {
    if (visit && !isAnswering) void moveTo(visit.nodeId).catch(() => {});
  }, [isAnswering, moveTo, visit]);

  async function ask(action: Record<string, unknown>, shown: M[], asked: Left): Promise<void> {
    if (isAnswering) await options.stop();
    setVisit(undefined);
    setMessages(shown);
    setLeft(asked);
    try {
      await orBack(async () => {
        await act({ ...action, actionId: generateId() });
        await settle.current();
      }, list);
    } catch (error) {
      setLeft(undefined);
      throw error;
    }
  }

  const go = (to: BranchMove) => orBack(async () => show(await move(to)), list);

  const before = (messageId: string) =>
    list.slice(
      0,
      Math.max(
        0,
        list.findIndex(({ id }) => id === messageId),
      ),
    );

  function earlierVersion(): Branches["earlier"] {
    const messageId = messageAfter(left?.after, list)?.id;
    const version = messageId === undefined ? undefined : versionOf(messageId);
    return messageId !== undefined && version?.previousId !== undefined ? { messageId, version } : undefined;
  }

  return {
    preview: visit?.transcript.messages,
    /** Resolves when no move is under way. */
    moved: () => moves.current,
    versionOf,
    canUndo: list.length > 0 && !isAnswering,
    canRedo: known.canRedo === true && !isAnswering,
    isReadOnly: visit !== undefined && isAnswering,
    earlier: earlierVersion(),
    edit(messageId, text) {
      const newId = generateId();
      const original = list.find(({ id }) => id === messageId);
      const files = original?.parts.filter((part) => part.type === "file") ?? [];
      const question = {
        ...original,
        id: newId,
        role: "user",
        parts: [...files, { type: "text", text }],
      } as M;
      const prefix = before(messageId);
      return ask({ type: "edit", nodeId: nodeOf(messageId), newId, text }, [...prefix, question], {
        after: prefix.at(-1)?.id ?? null,
        ids: versionsOf(messageId),
      });
    },
    regenerate(messageId) {
      const isQuestion = list.find(({ id }) => id === messageId)?.role === "user";
      const prefix = before(messageId);
      const shown = isQuestion ? [...prefix, ...list.filter(({ id }) => id === messageId)] : prefix;
      const answers = isQuestion ? [] : versionsOf(messageId);
      return ask({ type: "regenerate", nodeId: nodeOf(messageId) }, shown, {
        after: shown.at(-1)?.id ?? null,
        ids: answers,
      });
    },
    async switchTo(nodeId) {
      setLeft(undefined);
      pressed.current = nodeId;
      if (!isAnswering) {
        setVisit(undefined);
        return moveTo(nodeId);
      }
      const transcript = await load({ through: nodeId });
      if (pressed.current === nodeId && transcript.messages.length > 0) setVisit({ nodeId, transcript });
    },
    async undo() {
      const last = list.at(-1);
      if (!last) return;
      setLeft(undefined);
      setMessages(
        list.slice(
          0,
          Math.max(
            0,
            list.findLastIndex(({ role }) => role === "user"),
          ),
        ),
      );
      await go({ type: "undo", headId: nodeOf(last.id) });
    },
    async redo() {
      const last = list.at(-1);
      setLeft(undefined);
      await go({ type: "redo", headId: last ? nodeOf(last.id) : null });
    },
    async continueFrom(messageId) {
      setLeft(undefined);
      if (isAnswering) await options.stop();
      setMessages([...before(messageId), ...list.filter(({ id }) => id === messageId)]);
      await go({ type: "continue-from", nodeId: nodeOf(messageId) });
    },
  };
}

/** The message behind that one; behind null, which is the start, stands the first. */
function messageAfter<M extends UIMessage>(id: string | null | undefined, messages: M[]): M | undefined {
  if (id === undefined) return undefined;
  if (id === null) return messages[0];
  const at = messages.findIndex((message) => message.id === id);
  return at === -1 ? undefined : messages[at + 1];
}

function versionAmong(versions: { nodeId: string; ids: string[] } | undefined): Version | undefined {
  if (!versions || versions.ids.length < 2) return undefined;
  const at = versions.ids.indexOf(versions.nodeId);
  if (at === -1) return undefined;
  const [previousId, nextId] = [versions.ids[at - 1], versions.ids[at + 1]];
  return {
    index: at + 1,
    count: versions.ids.length,
    ...(previousId !== undefined && { previousId }),
    ...(nextId !== undefined && { nextId }),
  };
}
