/** A question whose answer is known word for word, and the reading of an answer with a watch in the hand. */
import type { UIMessageChunk } from "ai";
import { now } from "./clock";

export type Script = { prompt: string; text: string };

export type Answer = {
  /** The text is exactly the script's. Any other run does not count. */
  isWhole: boolean;
  text: string;
  chunks: number;
  /** From pressing Send to the first piece of text. */
  firstChunkMs: number;
  /** Per piece of text, from the model to the transport's reader; empty without a stamping model. */
  delays: number[];
};

export function counting(to: number, paceMs: number): Script {
  const text = Array.from({ length: to + 1 }, (_, number) => number).join(" ");
  return { prompt: `count to ${to} at ${paceMs} ms`, text };
}

export async function readAnswer(
  sentAt: number,
  stream: ReadableStream<UIMessageChunk>,
  script: Script,
): Promise<Answer> {
  const answer: Answer = { isWhole: false, text: "", chunks: 0, firstChunkMs: Number.NaN, delays: [] };
  let starts = 0;
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const at = now();
    const chunk = next.value;
    if (chunk.type === "start") starts += 1;
    if (chunk.type !== "text-delta") continue;
    if (answer.chunks === 0) answer.firstChunkMs = at - sentAt;
    answer.chunks += 1;
    answer.text += chunk.delta;
    const emittedAt = chunk.providerMetadata?.["bench"]?.["emittedAt"];
    if (typeof emittedAt === "number") answer.delays.push(at - emittedAt);
  }
  answer.isWhole = starts === 1 && answer.text === script.text;
  return answer;
}
