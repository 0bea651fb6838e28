import type { LanguageModelV4Middleware, LanguageModelV4StreamPart } from "@ai-sdk/provider";

const CONTENT = new Set(["text-delta", "reasoning-delta", "tool-call", "file", "source", "error"]);

/**
 * An answer without any part is not stored by the runtime, and its reader would never learn how it ended. It gets one
 * space, which `plainRoles` keeps from the model.
 */
export const neverEmpty: LanguageModelV4Middleware = {
  specificationVersion: "v4",
  async wrapStream({ doStream }) {
    const result = await doStream();
    let isEmpty = true;
    const stream = result.stream.pipeThrough(
      new TransformStream<LanguageModelV4StreamPart, LanguageModelV4StreamPart>({
        transform(part, controller) {
          if (CONTENT.has(part.type)) isEmpty = false;
          if (part.type === "finish" && isEmpty) {
            const id = "nothing";
            controller.enqueue({ type: "text-start", id });
            controller.enqueue({ type: "text-delta", id, delta: " " });
            controller.enqueue({ type: "text-end", id });
          }
          controller.enqueue(part);
        },
      }),
    );
    return { ...result, stream };
  },
};
