/** What the tests of human requests do again and again, with an engine of their file alone. */
import { expect } from "vitest";
import { decideRequest, type Decision } from "@/lib/chat/requests/decide";
import type { Transcript } from "@/lib/chat/tree/queries";
import type { RequestName } from "@/lib/chat/requests/pending-calls";
import { listChatRequests } from "@/lib/chat/requests/views";
import { checkInput, checkOutput } from "@/lib/agent/approval-policy";
import type { EnginePlace } from "./engine-place";
import {
  followDecisions,
  lines,
  openPage as openPageOn,
  readAnswer,
  savedTranscript,
  type Site,
} from "./page";

const userId = "owner";

export const dune: Decision = { type: "answer", output: { optionIds: ["dune"] } };
/** What the form about a delivery takes. */
export const delivery = {
  name: "Ada",
  parcels: 1,
  speed: "express",
  day: "2026-12-01",
  isGift: false,
  address: { street: "Storgata 1", city: "Oslo", floor: null },
  phones: [],
};

/** A number that no other test uses: what was done for it can be counted. */
export const newOrder = () => `A-${Math.floor(Math.random() * 1e9)}`;

export const approve: Decision = { type: "approve" };

export const partOf = ({ messages }: Pick<Transcript, "messages">, type: string) =>
  messages.flatMap(({ parts }) => parts).find((part) => part.type === type);

export function requestSteps(place: () => EnginePlace) {
  const site = (): Site => ({ db: place().db, userId, engineUrl: place().engine.url });
  const openPage = (chatId: string) => openPageOn(site(), chatId);

  /** Two deaths in one moment would both be held against whatever is said next: the engine has to notice the first. */
  async function killWorkers(chatId: string) {
    place().engine.killWorkers();
    await expect.poll(() => place().engine.workerOf(chatId)).toBeUndefined();
  }

  /** Asks, and waits until what the answer asks is in the database. */
  async function askAndWait(chatId: string, text: string) {
    await readAnswer(await openPage(chatId).ask(text, "q"));
    const transcript = await savedTranscript(place().db, chatId);
    return { transcript, requests: await listChatRequests(place().db, chatId) };
  }

  const decide = (chatId: string, { messageId, toolCallId }: RequestName, decision: Decision) =>
    decideRequest(place().db, {
      chatId,
      messageId,
      toolCallId,
      userId,
      decision,
      via: "card",
      checkInput,
      checkOutput,
    });

  /** What the page sees of the rest of the answer, and what is saved of it. */
  async function goOn(chatId: string) {
    const answer = await readAnswer(await follow(chatId));
    return { answer, transcript: await savedTranscript(place().db, chatId) };
  }

  const follow = (chatId: string) => followDecisions(site(), chatId);

  /** Every refund that was done for this order. */
  const refundsOf = (order: string) =>
    place().db.demoEntry.findMany({ where: { kind: "refund", data: { path: ["orderId"], equals: order } } });

  /** What the newest message says. */
  const textOf = async (chatId: string) => lines(await savedTranscript(place().db, chatId)).at(-1)?.[1] ?? "";
  return { askAndWait, decide, follow, goOn, killWorkers, openPage, refundsOf, site, textOf };
}
