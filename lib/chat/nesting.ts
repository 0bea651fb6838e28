/** Whether a value from a browser is nested no deeper than so. Without recursion, because the stack is what it is about. */
export function isNestedAtMost(value: unknown, depth: number): boolean {
  let level: unknown[] = [value];
  for (let left = depth; left >= 0; left--) {
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
    if (level.length === 0) return true;
  }
  return false;
}
