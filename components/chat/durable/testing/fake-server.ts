import type { UIMessage, UIMessageChunk } from "ai";
import type { Transcript } from "../transcript";
import type { AwaitedAnswer, PendingInput } from "../types";

/** A record of the chat's output stream: a chunk of an answer, or the end of a turn with what it answered. */
export type OutRecord = { id: number; chunk: UIMessageChunk } | { id: number; answered: number };

type Input =
  | { type: "message"; message: UIMessage }
  | { type: "stop" }
  | { type: "decided"; messageId: string }
  | { type: "regenerate"; nodeId: string };

type Turn = {
  input: number;
  messageId: string;
  /** What is saved of the message before this turn, when it continues one. */
  before: UIMessage["parts"];
  /** Chunks still to be written. */
  script: UIMessageChunk[];
  text: string;
  injected: { id: string; text: string }[];
  hasStarted: boolean;
  hasEnded: boolean;
};

/** How the agent answers the next question. */
export type Plan = { words: number; ending: "well" | "failing" | "asking" };

/**
 * A small honest model of the engine, an agent and its transcript: inputs are numbered, stored once per part id, and
 * answered in order; the question is saved before the answer's first record, and the answer a moment after its last.
 */
export class FakeServer {
  readonly outs: OutRecord[] = [];
  /** Of the agent, in milliseconds per record. */
  pace = 20;
  /** Between the end of a turn and its saving, in milliseconds. */
  saveDelay = 50;
  plans: Plan[] = [];
  readonly #inputs: Input[] = [];
  readonly #parts = new Map<string, number>();
  readonly #readers = new Set<() => void>();
  #messages: UIMessage[] = [];
  /** Answers that were asked for again. */
  readonly #replaced: UIMessage[] = [];
  #status = "idle";
  #nonFinal: string[] = [];
  #saved = { out: -1, in: -1 };
  /** The newest input that the agent has taken. */
  #taken = -1;
  #turn: Turn | undefined;
  #isBusy = false;
  #isDead = false;
  #attempts = 0;

  /** Stores an input, and returns its number. The same part id is the same input. */
  append(input: Input, partId: string): number {
    const known = this.#parts.get(partId);
    if (known !== undefined) return known;
    const seq = this.#inputs.push(input) - 1;
    this.#parts.set(partId, seq);
    this.#wake();
    return seq;
  }

  /** Calls back with every record, until the returned function is called. */
  onRecord(callback: () => void): () => void {
    this.#readers.add(callback);
    return () => this.#readers.delete(callback);
  }

  get isSettled(): boolean {
    const last = this.outs.at(-1);
    return last === undefined || "answered" in last;
  }

  get isIdle(): boolean {
    return !this.#isBusy && this.#taken === this.#inputs.length - 1;
  }

  get questions(): UIMessage[] {
    return this.#messages.filter(({ role }) => role === "user");
  }

  /** Texts that reached an answer while it was written. */
  get injectedTexts(): string[] {
    return [...this.#messages, ...this.#replaced].flatMap(({ parts }) =>
      parts.flatMap((part) =>
        part.type === "data-pending-message-injected"
          ? (part as unknown as { data: { messages: { text: string }[] } }).data.messages.map(
              ({ text }) => text,
            )
          : [],
      ),
    );
  }

  /** The message that waits for a decision, if one does. */
  get undecided(): string | undefined {
    const last = this.#messages.at(-1);
    const isWaiting = last?.parts.some((part) => "state" in part && part.state === "input-available");
    return this.#status === "idle" && isWaiting ? last?.id : undefined;
  }

  transcript(): Transcript<UIMessage> {
    return structuredClone({
      messages: this.#messages,
      status: this.#status,
      nonFinalIds: this.#nonFinal,
      ...(this.#status === "failed" && { failure: "The model failed." }),
      cursors: {
        ...(this.#saved.out >= 0 && { lastOutEventId: String(this.#saved.out) }),
        ...(this.#saved.in >= 0 && { lastInEventId: String(this.#saved.in) }),
      },
    });
  }

  pendingInput(): PendingInput<UIMessage>[] {
    return this.#inputs.flatMap((input, seq) =>
      seq > this.#saved.in && input.type === "message" && !this.#has(input.message.id)
        ? [{ message: structuredClone(input.message), seq }]
        : [],
    );
  }

  /** Somebody decides what the last message asks. */
  decide(): void {
    const messageId = this.undecided;
    if (messageId !== undefined)
      this.append({ type: "decided", messageId }, `decided-${this.#inputs.length}`);
  }

  /** Takes the last question back, as a move through the tree does. */
  undo(): Transcript<UIMessage> {
    const at = this.#messages.findLastIndex(({ role }) => role === "user");
    this.#replaced.push(...this.#messages.slice(at));
    this.#messages = this.#messages.slice(0, at);
    return this.transcript();
  }

  /** The worker dies in the middle of an answer. Somebody has to notice. */
  crash(): void {
    if (this.#turn && !this.#turn.hasEnded) this.#isDead = true;
  }

  /** Has a dead worker's turn begun anew. */
  lookAfter(): AwaitedAnswer {
    if (this.#isDead) {
      this.revive();
      return "revived";
    }
    return this.isIdle ? "settled" : "running";
  }

  revive(): void {
    if (!this.#isDead || !this.#turn) return;
    this.#isDead = false;
    const { input, before } = this.#turn;
    // What the dead worker had put into its answer was never saved, so the next one reads it again.
    this.#taken = input;
    const isContinuation = this.#inputs[input]?.type === "decided";
    this.#begin(input, isContinuation ? this.#turn.messageId : undefined, before);
  }

  #has(id: string): boolean {
    return this.#messages.some((message) => message.id === id);
  }

  #wake(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    setTimeout(() => this.#step(), this.pace);
  }

  #next(ms = this.pace): void {
    setTimeout(() => this.#step(), ms);
  }

  #step(): void {
    if (this.#isDead) return this.#next(500);
    if (!this.#turn) return this.#takeInput();
    if (this.#inputs[this.#taken + 1]?.type === "stop") {
      this.#taken += 1;
      return this.#end("stopped");
    }
    if (this.#takeSteering()) return this.#next();
    const chunk = this.#turn.script.shift();
    if (!chunk) return this.#end();
    this.#write(chunk);
    if (chunk.type === "error") return this.#end("failed");
    this.#next();
  }

  #takeInput(): void {
    const seq = this.#taken + 1;
    const input = this.#inputs[seq];
    if (!input) {
      this.#isBusy = false;
      return;
    }
    this.#taken = seq;
    if (input.type === "stop") return this.#next();
    if (input.type === "message") {
      if (!this.#has(input.message.id)) this.#messages.push(structuredClone(input.message));
      this.#nonFinal = this.#nonFinal.filter((id) => this.#has(id));
    }
    if (input.type === "regenerate") {
      const at = this.#messages.findLastIndex(({ role }) => role === "user");
      this.#replaced.push(...this.#messages.slice(at + 1));
      this.#messages = this.#messages.slice(0, at + 1);
    }
    this.#status = "running";
    const continued = input.type === "decided" ? input.messageId : undefined;
    const before = this.#messages.find(({ id }) => id === continued)?.parts ?? [];
    this.#begin(seq, continued, before);
    this.#next();
  }

  #begin(input: number, continued: string | undefined, before: UIMessage["parts"]): void {
    const { words, ending } = this.plans.shift() ?? { words: 3, ending: "well" };
    const messageId = continued ?? `answer-${input}-${this.#attempts++}`;
    const text = `t-${messageId}`;
    const script: UIMessageChunk[] = [{ type: "start", messageId }];
    if (continued !== undefined)
      script.push({ type: "tool-output-available", toolCallId: `call-${continued}`, output: "decided" });
    script.push({ type: "text-start", id: text });
    for (let word = 0; word < words; word++)
      script.push({ type: "text-delta", id: text, delta: `${input}.${word} ` });
    if (ending === "failing") script.push({ type: "error", errorText: "The model failed." });
    else {
      script.push({ type: "text-end", id: text });
      if (ending === "asking" && continued === undefined)
        script.push({
          type: "tool-input-available",
          toolCallId: `call-${messageId}`,
          toolName: "ask",
          input: { question: "Which?" },
        });
      script.push({ type: "finish" });
    }
    this.#turn = {
      input,
      messageId,
      before,
      script,
      text: "",
      injected: [],
      hasStarted: false,
      hasEnded: false,
    };
  }

  /** Puts a message into the answer, if one came in and the answer is not about to end. */
  #takeSteering(): boolean {
    const turn = this.#turn!;
    const next = this.#inputs[this.#taken + 1];
    const isSteering = next?.type === "message" && next.message.id.startsWith("steer-");
    if (!isSteering || !turn.hasStarted || turn.script.length < 3) return false;
    this.#taken += 1;
    const text = textOf(next.message);
    turn.injected.push({ id: next.message.id, text });
    this.#write(injection(next.message.id, text) as unknown as UIMessageChunk);
    return true;
  }

  #write(chunk: UIMessageChunk): void {
    if (chunk.type === "start") this.#turn!.hasStarted = true;
    if (chunk.type === "text-delta") this.#turn!.text += chunk.delta;
    this.#record({ id: this.outs.length, chunk });
  }

  #record(record: OutRecord): void {
    this.outs.push(record);
    for (const reader of this.#readers) reader();
  }

  #end(how: "well" | "stopped" | "failed" = "well"): void {
    const turn = this.#turn!;
    const answered = this.#taken;
    turn.hasEnded = true;
    this.#record({ id: this.outs.length, answered });
    const out = this.outs.length - 1;
    setTimeout(() => {
      this.#save(turn, how);
      this.#saved = { out, in: answered };
      this.#turn = undefined;
      this.#next();
    }, this.saveDelay);
  }

  #save({ messageId, before, text, injected }: Turn, how: "well" | "stopped" | "failed"): void {
    const isAsking = how === "well" && this.#asks(messageId) && before.length === 0;
    const parts = [
      ...before.map((part) =>
        part.type === "tool-ask" ? { ...part, state: "output-available", output: "decided" } : part,
      ),
      ...(text ? [{ type: "text", text, state: how === "well" ? "done" : "streaming" }] : []),
      ...injected.map(({ id, text: words }) => injection(id, words)),
      ...(isAsking
        ? [
            {
              type: "tool-ask",
              toolCallId: `call-${messageId}`,
              state: "input-available",
              input: { question: "Which?" },
            },
          ]
        : []),
    ] as UIMessage["parts"];
    this.#status = how === "failed" ? "failed" : "idle";
    if (parts.length === 0) return;
    const message: UIMessage = { id: messageId, role: "assistant", parts };
    const at = this.#messages.findIndex(({ id }) => id === messageId);
    if (at === -1) this.#messages.push(message);
    else this.#messages[at] = message;
    if (how !== "well") this.#nonFinal.push(messageId);
  }

  #asks(messageId: string): boolean {
    return this.outs.some(
      (record) =>
        "chunk" in record &&
        record.chunk.type === "tool-input-available" &&
        record.chunk.toolCallId === `call-${messageId}`,
    );
  }
}

function injection(id: string, text: string) {
  return { type: "data-pending-message-injected", data: { messageIds: [id], messages: [{ id, text }] } };
}

export function textOf({ parts }: UIMessage): string {
  return parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
}
