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
  /** Sends the action and follows its answer, if it has one, to the end. Rejects when it is refused. */
  act: (action: Record<string, unknown>, asks: boolean) => Promise<void>;
  stop: () => Promise<void>;
  /** Sends the action while the page is being left, and follows nothing. */
  sendOnLeaving: (action: Record<string, unknown>) => void;
};

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

  const { setMessages } = options;
  /** Moves on the server, and then shows what is there; when that cannot be learned and nothing moved, what was. */
  const walk = useCallback(
    (action: Record<string, unknown>, { asks = false, was }: { asks?: boolean; was?: M[] } = {}) =>
      inOrder(async () => {
        try {
          await act(action, asks);
        } catch (error) {
          await settle.current().catch(() => was && setMessages(was));
          throw error;
        }
        await settle.current();
      }),
    [act, inOrder, setMessages],
  );

  const pressed = useRef<string>(undefined);
  const moving = useRef<{ isOn: boolean; wanted?: string | undefined; sent?: string }>({ isOn: false });
  /** Of several moves in a row only the last counts: those in between are never sent. */
  const moveTo = useCallback(
    (nodeId: string) => {
      const now = moving.current;
      if (nodeId === (now.wanted ?? now.sent)) return;
      now.wanted = nodeId;
      if (now.isOn) return;
      now.isOn = true;
      void inOrder(async () => {
        while (now.wanted !== undefined) {
          now.sent = now.wanted;
          now.wanted = undefined;
          await act({ type: "switch", nodeId: now.sent }, false).catch(() => {});
          if (now.wanted === undefined) await settle.current().catch(() => {});
        }
        const last = now.sent;
        moving.current = { isOn: false };
        setVisit((current) => (current?.nodeId === last ? undefined : current));
      });
    },
    [act, inOrder],
  );

  // A visit becomes a move as soon as no answer is being written on the branch that is left.
  useEffect(() => {
    if (visit && !isAnswering) moveTo(visit.nodeId);
  }, [isAnswering, moveTo, visit]);

  // The page is left before its last move could be sent.
  const { sendOnLeaving } = options;
  useEffect(() => {
    const onLeave = () => {
      const { wanted } = moving.current;
      if (wanted !== undefined) sendOnLeaving({ type: "switch", nodeId: wanted });
    };
    window.addEventListener("pagehide", onLeave);
    return () => window.removeEventListener("pagehide", onLeave);
  }, [sendOnLeaving]);

  async function ask(action: Record<string, unknown>, shown: M[], asked: Left): Promise<void> {
    if (isAnswering) await options.stop();
    setVisit(undefined);
    setMessages(shown);
    setLeft(asked);
    try {
      await walk({ ...action, actionId: generateId() }, { asks: true, was: list });
    } catch (error) {
      setLeft(undefined);
      throw error;
    }
  }

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
      if (!isAnswering) moveTo(nodeId);
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
      await walk({ type: "undo", headId: nodeOf(last.id) }, { was: list });
    },
    async redo() {
      const last = list.at(-1);
      setLeft(undefined);
      await walk({ type: "redo", headId: last ? nodeOf(last.id) : null });
    },
    async continueFrom(messageId) {
      setLeft(undefined);
      if (isAnswering) await options.stop();
      setMessages([...before(messageId), ...list.filter(({ id }) => id === messageId)]);
      await walk({ type: "continue-from", nodeId: nodeOf(messageId) }, { was: list });
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
