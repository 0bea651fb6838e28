/** What a sub-agent does with a tool, as a sentence. Small, because the browser loads it, too. */

export type StepState = "running" | "waiting" | "done" | "failed";

type Input = Record<string, unknown>;
/** The verb in its four forms, and what it is about. */
type Sentence = {
  verbs: [running: string, waiting: string, done: string, failed: string];
  what: (input: Input) => string;
};

const sentences: Record<string, Sentence> = {
  weather: {
    verbs: ["Checking", "Wants to check", "Checked", "Couldn't check"],
    what: ({ city }) => `the weather in ${say(city)}`,
  },
  lookUp: {
    verbs: ["Looking up", "Wants to look up", "Looked up", "Couldn't look up"],
    what: ({ topic }) => say(topic),
  },
  currentTime: {
    verbs: ["Checking", "Wants to check", "Checked", "Couldn't check"],
    what: ({ timeZone = "UTC" }) => `the time in ${say(timeZone)}`,
  },
  refund: {
    verbs: ["Refunding", "Wants to refund", "Refunded", "Did not refund"],
    what: ({ amount, currency, orderId }) => `${say(amount)} ${say(currency)} of order ${say(orderId)}`,
  },
  deleteRecords: {
    verbs: ["Deleting", "Wants to delete", "Deleted", "Did not delete"],
    what: ({ collection, ids, olderThan }) =>
      Array.isArray(ids)
        ? `${ids.length} of the ${say(collection)}`
        : `${say(collection)} from before ${say(olderThan)}`,
  },
  sendEmail: {
    verbs: ["Sending", "Wants to send", "Sent", "Did not send"],
    what: ({ to }) => `an email to ${say(to)}`,
  },
  runCode: {
    verbs: ["Running", "Wants to run", "Ran", "Couldn't run"],
    what: ({ language }) => `${say(language)} code`,
  },
  longJob: {
    verbs: ["Starting", "Wants to start", "Started", "Couldn't start"],
    what: ({ name }) => say(name),
  },
  askQuestion: {
    verbs: ["Asks you:", "Asks you:", "Asked you:", "Could not ask:"],
    what: ({ question }) => say(question),
  },
  askDelivery: {
    verbs: ["Asks you", "Asks you", "Asked you", "Could not ask"],
    what: ({ item }) => `where ${say(item)} should go`,
  },
  delegate: {
    verbs: ["Delegating", "Wants to delegate", "Delegated", "Could not delegate, because a sub-agent can't:"],
    what: ({ task }) => say(task),
  },
};

const states: StepState[] = ["running", "waiting", "done", "failed"];
const MAX_LENGTH = 160;

/** For example "Looked up courier days in Oslo". */
export function sayStep(tool: string, input: unknown, state: StepState): string {
  const known = Object.hasOwn(sentences, tool) ? sentences[tool] : undefined;
  if (!known) return ["Using", "Wants to use", "Used", "Couldn't use"][states.indexOf(state)] + ` ${tool}`;
  const what = known.what(typeof input === "object" && input !== null ? (input as Input) : {});
  const sentence = `${known.verbs[states.indexOf(state)]} ${what}`.trim();
  return sentence.length > MAX_LENGTH ? `${sentence.slice(0, MAX_LENGTH - 1)}…` : sentence;
}

function say(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "…";
}
