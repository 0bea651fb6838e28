/**
 * The machine presets of Trigger.dev. Here all workers share one computer, so a preset decides only how large the
 * JavaScript heap of a worker may grow.
 */
import { totalmem } from "node:os";

/** By memory in GB, smallest first. */
const PRESETS = {
  micro: { cpu: 0.25, memory: 0.25 },
  "small-1x": { cpu: 0.5, memory: 0.5 },
  "small-2x": { cpu: 1, memory: 1 },
  "medium-1x": { cpu: 1, memory: 2 },
  "medium-2x": { cpu: 2, memory: 4 },
  "large-1x": { cpu: 4, memory: 8 },
  "large-2x": { cpu: 8, memory: 16 },
};

export type MachineName = keyof typeof PRESETS;

/** What a task gets that names no machine. */
export const DEFAULT_MACHINE: MachineName = "small-1x";

/** The rest of a machine's memory is for buffers, compiled code and Node itself. */
const HEAP_SHARE = 0.8;

export function isMachine(name: unknown): name is MachineName {
  return typeof name === "string" && Object.hasOwn(PRESETS, name);
}

export function machineOf(name: MachineName) {
  return { name, ...PRESETS[name], centsPerMs: 0 };
}

/** The heap limit in MB. Never more than this computer has. */
export function heapMbOf(name: MachineName, computerBytes = totalmem()): number {
  const bytes = Math.min(PRESETS[name].memory * 1024 ** 3, computerBytes);
  return Math.floor((bytes * HEAP_SHARE) / 1024 ** 2);
}

/** The next preset with a larger heap on this computer; undefined if there is none. */
export function largerMachine(name: MachineName, computerBytes = totalmem()): MachineName | undefined {
  const names = Object.keys(PRESETS) as MachineName[];
  const heap = heapMbOf(name, computerBytes);
  return names.slice(names.indexOf(name) + 1).find((next) => heapMbOf(next, computerBytes) > heap);
}
