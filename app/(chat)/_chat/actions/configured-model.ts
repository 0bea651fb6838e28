import "server-only";
import { availableModels } from "@/lib/agent/model-catalog";
import { expectedError } from "./expected-error";

/** The id, if it is one of a configured model. Throws otherwise. */
export function configuredModel(id: unknown): string {
  const known = availableModels().find((model) => model.id === id);
  if (!known) throw expectedError("model-not-configured");
  return known.id;
}
