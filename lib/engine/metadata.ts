import { z } from "zod";

export const MetadataOperation = z.discriminatedUnion("type", [
  z.object({ type: z.literal("set"), key: z.string(), value: z.unknown() }),
  z.object({ type: z.literal("delete"), key: z.string() }),
  z.object({ type: z.literal("append"), key: z.string(), value: z.unknown() }),
  z.object({ type: z.literal("remove"), key: z.string(), value: z.unknown() }),
  z.object({ type: z.literal("increment"), key: z.string(), value: z.number() }),
  z.object({ type: z.literal("update"), value: z.record(z.string(), z.unknown()) }),
]);

export type MetadataOperation = z.output<typeof MetadataOperation>;

export function applyOperations(
  metadata: Record<string, unknown>,
  operations: MetadataOperation[],
): Record<string, unknown> {
  let result = { ...metadata };
  for (const operation of operations) {
    switch (operation.type) {
      case "set":
        result[operation.key] = operation.value;
        break;
      case "delete":
        delete result[operation.key];
        break;
      case "append":
        result[operation.key] = [...listOf(result[operation.key]), operation.value];
        break;
      case "remove":
        result[operation.key] = listOf(result[operation.key]).filter(
          (item) => !sameJson(item, operation.value),
        );
        break;
      case "increment": {
        const before = result[operation.key];
        result[operation.key] = (typeof before === "number" ? before : 0) + operation.value;
        break;
      }
      case "update":
        result = { ...operation.value };
        break;
    }
  }
  return result;
}

function listOf(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
