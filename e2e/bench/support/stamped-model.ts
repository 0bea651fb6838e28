import type { LanguageModelV4 } from "@ai-sdk/provider";
import { demoModel } from "@/lib/agent/demo/model";
import { now } from "./clock";

/** The demo model, and every piece of text says when it was emitted. The text itself stays what it is. */
export function stampedModel(): LanguageModelV4 {
  const model = demoModel();
  return {
    ...model,
    async doStream(options) {
      const result = await model.doStream(options);
      const reader = result.stream.getReader();
      return {
        ...result,
        stream: new ReadableStream({
          async pull(controller) {
            const { value, done } = await reader.read();
            if (done) return controller.close();
            if (value.type !== "text-delta") return controller.enqueue(value);
            controller.enqueue({ ...value, providerMetadata: { bench: { emittedAt: now() } } });
          },
          cancel: (reason) => reader.cancel(reason),
        }),
      };
    },
  };
}
