/**
 * New versions are deployed one after another, faster than anybody would: inside one answer, through a conversation, and
 * between a question and its answer by a person. Cloudflare's agents were found to give a turn up at the fifth of ten
 * deploys (cloudflare/agents, pull request 1615), so ten and more are tried here.
 */
import type { UIMessageChunk } from "ai";
import {
  followDecisions,
  newChatId,
  readAnswer,
  savedTranscript,
  type Line,
  type TestPage,
} from "@/e2e/support/page";
import { checkInput, checkOutput } from "@/lib/agent/approval-policy";
import { decideRequest } from "@/lib/chat/requests/decide";
import { listChatRequests } from "@/lib/chat/requests/views";
import { goneOn } from "./approvals";
import { refund, timesDone, TURN_MS } from "./effects";
import {
  add,
  judgeText,
  PATIENCE_MS,
  pause,
  stuck,
  verdict,
  within,
  type Fault,
  type Verdict,
} from "./fault";
import { countedLines, judgeAnswer, type DeployKind, type Lab } from "./lab";

const WEATHER = "What is the weather in Oslo?";

const kindsInWords: Record<DeployKind, string> = {
  handover: "runs hand over",
  restart: "everything restarts",
};

export const deployFaults: Array<Fault<Lab>> = [
  insideOneAnswer("handover", 10),
  insideOneAnswer("restart", 10),
  throughOneConversation("handover", 25),
  throughOneConversation("restart", 25),
  beforeADecision("handover", 5),
  beforeADecision("restart", 5),
  asksOtherwise(2),
  // What `npm test` has time for.
  insideOneAnswer("handover", 3),
  insideOneAnswer("restart", 3),
  beforeADecision("handover", 2),
];

function fault(what: string, kind: DeployKind, run: Fault<Lab>["run"]): Fault<Lab> {
  return { name: `deploys: ${what}, ${kindsInWords[kind]}`, trials: 2, run };
}

/** The answer comes whole and once, and the next question is answered by the newest version. */
function insideOneAnswer(kind: DeployKind, deploys: number): Fault<Lab> {
  return fault(`${deploys} inside one answer`, kind, async (lab) => {
    const result = verdict();
    const chatId = newChatId();
    const page = lab.open(chatId);
    add(result, await judgeAnswer(page.ask("count to 3"), 3, { where: "first turn" }));
    const { question, to, seen } = await answerUnder(lab, page, kind, deploys);
    add(result, seen);
    add(result, await judgeAnswer(page.ask("count to 4"), 4, { where: "the turn after" }));
    add(result, await judgeNewest(lab, chatId));
    const wanted = countedLines(["count to 3", 3], [question, to], ["count to 4", 4]);
    add(result, await lab.judgeSaved(chatId, wanted));
    add(result, await countRuns(lab, chatId, deploys));
    await lab.retire(chatId);
    return result;
  });
}

/** Counting, tools, a refund that waits for approval: the same conversation as without a deploy. */
function throughOneConversation(kind: DeployKind, deploys: number): Fault<Lab> {
  return fault(`${deploys} inside one conversation`, kind, async (lab, seed) => {
    const result = verdict();
    const chatId = newChatId();
    const page = lab.open(chatId);
    const weather = await weatherAnswer(lab);
    const share = Math.floor(deploys / 5);
    const deploy = async (times: number) => {
      for (let left = times; left > 0; left--) await lab.deploy(kind);
    };

    add(result, await judgeAnswer(page.ask("count to 3"), 3, { where: "turn 1" }));
    await deploy(share);
    add(result, await judgeTurn(page, WEATHER, weather, "turn 2"));
    await deploy(share);
    const { question: long, to, seen } = await answerUnder(lab, page, kind, share);
    add(result, seen);
    const approved = await approveAfter(lab, page, chatId, seed, () => deploy(share));
    add(result, approved.verdict);
    await deploy(deploys - 4 * share);
    add(result, await judgeAnswer(page.ask("count to 5"), 5, { where: "turn 5" }));
    add(result, await judgeNewest(lab, chatId));
    const wanted: Line[] = [
      ...countedLines(["count to 3", 3]),
      ["user", WEATHER],
      ["assistant", weather],
      ...countedLines([long, to]),
      ...approved.lines,
      ...countedLines(["count to 5", 5]),
    ];
    add(result, await lab.judgeSaved(chatId, wanted));
    add(result, await countRuns(lab, chatId, deploys));
    await lab.retire(chatId);
    return result;
  });
}

/** Somebody is asked, new versions come, and only then the person decides. */
function beforeADecision(kind: DeployKind, deploys: number): Fault<Lab> {
  return fault(`${deploys} between a request and its decision`, kind, async (lab, seed) => {
    const result = verdict();
    const chatId = newChatId();
    const page = lab.open(chatId);
    const approved = await approveAfter(lab, page, chatId, seed, async () => {
      for (let left = deploys; left > 0; left--) await lab.deploy(kind);
    });
    add(result, approved.verdict);
    add(result, await lab.judgeSaved(chatId, approved.lines));
    add(result, await judgeNewest(lab, chatId));
    add(result, await countRuns(lab, chatId, deploys));
    await lab.retire(chatId);
    return result;
  });
}

/** A regenerate and an edit meet a run of an older version, which has carried them out when it hands over. */
function asksOtherwise(deploys: number): Fault<Lab> {
  return fault(`${deploys} before a regenerate and an edit`, "handover", async (lab) => {
    const result = verdict();
    const chatId = newChatId();
    const page = lab.open(chatId);
    const nodeId = crypto.randomUUID();
    add(result, await judgeAnswer(page.ask("count to 3", nodeId), 3, { where: "the first answer" }));
    await savedTranscript(lab.db, chatId, PATIENCE_MS);
    await lab.deploy("handover");
    add(result, await judgeAnswer(page.retry(), 3, { where: "the regenerated answer" }));
    await savedTranscript(lab.db, chatId, PATIENCE_MS);
    await lab.deploy("handover");
    const [actionId, newId] = [crypto.randomUUID(), crypto.randomUUID()];
    const edit = { type: "edit", actionId, nodeId, newId, text: "count to 6" } as const;
    add(result, await judgeAnswer(page.act(edit), 6, { where: "the answer to the edited question" }));
    add(result, await lab.judgeSaved(chatId, countedLines(["count to 6", 6])));
    add(result, await judgeNewest(lab, chatId));
    const messages = await lab.db.message.groupBy({ by: ["role"], where: { chatId }, _count: true });
    const count = (role: string) => messages.find((group) => group.role === role)?._count ?? 0;
    const [questions, answers] = [count("user"), count("assistant")];
    if (questions !== 2 || answers !== 3) {
      result[questions + answers > 5 ? "doubled" : "lost"] += 1;
      result.notes.push(`${chatId} has ${questions} questions and ${answers} answers`);
    }
    add(result, await countRuns(lab, chatId, deploys));
    await lab.retire(chatId);
    return result;
  });
}

// ── Deploying while an answer is written ──

const PACE_MS = 40;

/** One long answer, and the deploys inside it. */
async function answerUnder(lab: Lab, page: TestPage, kind: DeployKind, deploys: number) {
  const to = kind === "restart" ? 250 : await longerThan(lab, deploys);
  const question = `count to ${to} at ${PACE_MS} ms`;
  const churn = kind === "restart" ? churnAtEachStart(lab, deploys) : churnAtOnce(lab, deploys);
  // From the last deploy on it still needs the time that it needs without one.
  const healed = churn.over.then(() => pause(to * PACE_MS));
  const { onChunk } = churn;
  const seen: Verdict = await judgeAnswer(page.ask(question), to, {
    healed,
    onChunk,
    where: "the long answer",
  });
  if (churn.done() < deploys) throw new Error(`The answer was over after ${churn.done()} deploys`);
  return { question, to, seen };
}

type Churn = {
  over: Promise<void>;
  done: () => number;
  onChunk?: (seen: number, chunk: UIMessageChunk) => Promise<void>;
};

/** One after another, whatever the answer does meanwhile. */
function churnAtOnce(lab: Lab, deploys: number): Churn {
  let done = 0;
  const over = (async () => {
    for (; done < deploys; done++) await lab.deploy("handover");
  })();
  over.catch(() => {}); // `judgeAnswer` waits for it, and reports it.
  return { over, done: () => done };
}

/** Each time the answer has begun to be written: every worker that writes it is ended but the last. */
function churnAtEachStart(lab: Lab, deploys: number): Churn {
  let done = 0;
  let words = 0;
  let hasStarted = false;
  let resolve = () => {};
  const over = new Promise<void>((done) => (resolve = done));
  return {
    over,
    done: () => done,
    async onChunk(_seen, { type }) {
      if (type === "start") [hasStarted, words] = [true, 0];
      if (type === "text-delta") words += 1;
      if (!hasStarted || words < 5 || done === deploys) return;
      done += 1;
      hasStarted = false;
      await lab.deploy("restart");
      if (done === deploys) resolve();
    },
  };
}

/** How far to count so that this many deploys are over before: as long as one takes here, and half as much. */
async function longerThan(lab: Lab, deploys: number): Promise<number> {
  const startedAt = Date.now();
  await lab.deploy("handover");
  return 100 + Math.ceil((1.5 * deploys * (Date.now() - startedAt)) / PACE_MS);
}

// ── A request and its decision ──

/** Asks for a refund, lets something happen, approves, and waits for the answer to go on. It is done once. */
async function approveAfter(
  lab: Lab,
  page: TestPage,
  chatId: string,
  seed: number,
  meanwhile: () => Promise<void>,
): Promise<{ verdict: Verdict; lines: Line[] }> {
  const { db, site } = lab;
  const order = `A-${Date.now() % 1_000_000}${String(seed).padStart(4, "0")}`;
  const question = `Refund 20 EUR of order ${order}`;
  const asked = await within(page.ask(question).then(readAnswer), TURN_MS);
  if (!asked) return { verdict: stuck("nothing was asked"), lines: [] };
  await savedTranscript(db, chatId, PATIENCE_MS);
  const [request] = await listChatRequests(db, chatId);
  if (!request) return { verdict: stuck("there is no request"), lines: [] };
  await meanwhile();
  const { messageId, toolCallId } = request;
  await decideRequest(db, {
    chatId,
    messageId,
    toolCallId,
    userId: site.userId,
    decision: { type: "approve" },
    via: "card",
    checkInput,
    checkOutput,
  });
  await within(followDecisions(site, chatId).then(readAnswer), TURN_MS);
  const text = await goneOn(lab, chatId, TURN_MS);
  if (text === undefined) return { verdict: stuck(`${chatId} did not go on`), lines: [] };
  const result = verdict();
  const times = await timesDone(lab, refund, order);
  if (times !== 1 || !refund.done.test(text)) {
    result[times > 1 ? "doubled" : "lost"] += 1;
    result.notes.push(`${chatId}: done ${times} times, and the answer is "${text}"`);
  }
  return {
    verdict: result,
    lines: [
      ["user", question],
      ["assistant", text],
    ],
  };
}

// ── What is compared with what ──

async function judgeTurn(page: TestPage, question: string, wanted: string, where: string): Promise<Verdict> {
  const answer = await within(page.ask(question).then(readAnswer), TURN_MS);
  if (!answer) return stuck(`${where}: the turn never ended`);
  const result = judgeText(answer.text, wanted, where);
  if (answer.errors.length > 0)
    add(result, { ...verdict(), lost: 1, notes: [`${where}: ${answer.errors.join(", ")}`] });
  return result;
}

/** What the demo model says while nothing is deployed. */
async function weatherAnswer(lab: Lab): Promise<string> {
  const chatId = newChatId();
  const { text } = await readAnswer(await lab.open(chatId).ask(WEATHER));
  await savedTranscript(lab.db, chatId);
  await lab.retire(chatId);
  return text.trim();
}

/** The last run of the chat is on the version that was deployed last. */
async function judgeNewest(lab: Lab, chatId: string): Promise<Verdict> {
  const newest = await lab.currentVersion();
  for (const deadline = Date.now() + PATIENCE_MS; ; await pause(100)) {
    const last = (await lab.runsOf(chatId)).at(-1);
    if (last?.version === newest) return verdict();
    if (Date.now() > deadline)
      return { ...verdict(), lost: 1, notes: [`${chatId} is on ${last?.version}, and not on ${newest}`] };
  }
}

/** How many deploys there were, and how often the chat changed its run because of one. */
async function countRuns(lab: Lab, chatId: string, deploys: number): Promise<Verdict> {
  const runs = await lab.runsOf(chatId);
  const upgrades = runs.filter(({ reason }) => reason === "upgrade").length;
  return { ...verdict(), counts: { deploys, runs: runs.length, upgrades } };
}
