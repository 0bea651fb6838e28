import { z } from "zod";
import { HttpError } from "../http/errors";

export const MetadataOperation = z.discriminatedUnion("type", [
  z.object({ type: z.literal("set"), key: z.string(), value: z.json() }),
  z.object({ type: z.literal("delete"), key: z.string() }),
  z.object({ type: z.literal("append"), key: z.string(), value: z.json() }),
  z.object({ type: z.literal("remove"), key: z.string(), value: z.json() }),
  z.object({ type: z.literal("increment"), key: z.string(), value: z.number() }),
  z.object({ type: z.literal("update"), value: z.record(z.string(), z.json()) }),
]);

export type MetadataOperation = z.output<typeof MetadataOperation>;

/** Applies operations with the SDK's own code, so that a run and its row agree, nested paths (`$.a.b`) included. */
export async function applyOperations(
  metadata: Record<string, unknown>,
  operations: MetadataOperation[],
): Promise<Record<string, unknown>> {
  const { applyMetadataOperations } = await import("@trigger.dev/core/v3");
  try {
    return applyMetadataOperations(metadata as never, operations as never).newMetadata;
  } catch (error) {
    throw new HttpError(400, `Invalid body: operations: ${(error as Error).message}`);
  }
}
