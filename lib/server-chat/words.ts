import type { UIMessageChunk } from "ai";

/**
 * The words of an answer as they are written. When a worker died, its answer starts again: words that were passed on
 * already are not passed on twice.
 */
export class WordsOfAnswer {
  text = "";
  #passedOn = "";
  #blocks = 0;
  #isNext = false;

  /** Returns what is new. */
  add(chunk: UIMessageChunk): string {
    if (chunk.type === "start") {
      this.text = "";
      this.#blocks = 0;
    }
    if (chunk.type === "text-start" && this.#blocks++ > 0) this.text += "\n";
    if (chunk.type === "text-delta") this.text += chunk.delta;
    if (this.#passedOn.startsWith(this.text)) return "";
    const said = this.#passedOn;
    this.#passedOn = this.text;
    if (said === "" && this.#isNext) {
      this.#isNext = false;
      return `\n\n${this.text}`;
    }
    // The new answer says something else than the one that was broken off.
    if (!this.text.startsWith(said)) return `\n\n${this.text}`;
    return this.text.slice(said.length);
  }

  /** The answer is complete: what follows is another one. */
  endTurn(): void {
    this.#isNext ||= this.#passedOn !== "";
    this.#passedOn = "";
    this.text = "";
  }
}
