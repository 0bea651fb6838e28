/** Open models put their thoughts into the text, between tags at its beginning. They become reasoning parts. */
import type {
  LanguageModelV4Content,
  LanguageModelV4Middleware,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";

const OPENINGS = ["<think>", "<thinking>"];

/** For `wrapLanguageModel`. A tag that is not at the very beginning of a text is the text's own. */
export const thinkTags: LanguageModelV4Middleware = {
  specificationVersion: "v4",
  async wrapGenerate({ doGenerate }) {
    const result = await doGenerate();
    return { ...result, content: result.content.flatMap(splitContent) };
  },
  async wrapStream({ doStream }) {
    const result = await doStream();
    return { ...result, stream: result.stream.pipeThrough(splitStream()) };
  },
};

function splitContent(part: LanguageModelV4Content): LanguageModelV4Content[] {
  if (part.type !== "text") return [part];
  const { reasoning, text } = split(part.text);
  if (reasoning === undefined) return [part];
  return [{ type: "reasoning", text: reasoning }, ...(text ? [{ ...part, text }] : [])];
}

/** Without an end everything is thought: the model was cut off while it thought. */
function split(whole: string): { reasoning?: string; text: string } {
  const opening = OPENINGS.find((tag) => whole.trimStart().startsWith(tag));
  if (!opening) return { text: whole };
  const inner = whole.trimStart().slice(opening.length);
  const [reasoning = "", ...rest] = inner.split(closingOf(opening));
  return { reasoning: reasoning.trim(), text: rest.join(closingOf(opening)).trimStart() };
}

function closingOf(opening: string): string {
  return opening.replace("<", "</");
}

/** One text block on its way: what it turned out to be, and what cannot be told yet. */
type Block = {
  id: string;
  state: "unknown" | "thinking" | "after" | "text";
  closing: string;
  held: string;
  isOpen: boolean;
};

function splitStream(): TransformStream<LanguageModelV4StreamPart, LanguageModelV4StreamPart> {
  const blocks = new Map<string, Block>();
  type Controller = TransformStreamDefaultController<LanguageModelV4StreamPart>;

  function openText(block: Block, controller: Controller): void {
    if (!block.isOpen) controller.enqueue({ type: "text-start", id: block.id });
    block.isOpen = true;
  }

  function endThought(block: Block, controller: Controller): void {
    controller.enqueue({ type: "reasoning-end", id: thoughtOf(block) });
    block.state = "after";
  }

  function advance(block: Block, controller: Controller): void {
    if (block.state === "unknown") {
      const start = block.held.trimStart();
      const opening = OPENINGS.find((tag) => start.startsWith(tag));
      if (opening) {
        block.state = "thinking";
        block.closing = closingOf(opening);
        block.held = start.slice(opening.length).trimStart();
        controller.enqueue({ type: "reasoning-start", id: thoughtOf(block) });
      } else if (!OPENINGS.some((tag) => tag.startsWith(start))) block.state = "text";
    }
    if (block.state === "thinking") {
      const end = block.held.indexOf(block.closing);
      const safe = end >= 0 ? end : block.held.length - overlap(block.held, block.closing);
      const delta = block.held.slice(0, safe);
      if (delta) controller.enqueue({ type: "reasoning-delta", id: thoughtOf(block), delta });
      block.held = block.held.slice(end >= 0 ? end + block.closing.length : safe);
      if (end >= 0) endThought(block, controller);
    }
    if (block.state === "after") {
      block.held = block.held.trimStart();
      if (block.held) block.state = "text";
    }
    if (block.state === "text" && block.held) {
      openText(block, controller);
      controller.enqueue({ type: "text-delta", id: block.id, delta: block.held });
      block.held = "";
    }
  }

  return new TransformStream({
    transform(part, controller) {
      if (part.type === "text-start") {
        blocks.set(part.id, { id: part.id, state: "unknown", closing: "", held: "", isOpen: false });
        return;
      }
      if (part.type !== "text-delta" && part.type !== "text-end") return controller.enqueue(part);
      const block = blocks.get(part.id);
      if (!block) return controller.enqueue(part);
      if (part.type === "text-delta") {
        block.held += part.delta;
        return advance(block, controller);
      }
      blocks.delete(block.id);
      if (block.state === "unknown") block.state = "text";
      if (block.state === "thinking") {
        if (block.held)
          controller.enqueue({ type: "reasoning-delta", id: thoughtOf(block), delta: block.held });
        block.held = "";
        endThought(block, controller);
      }
      advance(block, controller);
      if (block.isOpen) controller.enqueue(part);
    },
  });
}

function thoughtOf({ id }: Block): string {
  return `${id}-thought`;
}

/** How many of the last characters may be the beginning of `tag`. */
function overlap(text: string, tag: string): number {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length -= 1)
    if (text.endsWith(tag.slice(0, length))) return length;
  return 0;
}
