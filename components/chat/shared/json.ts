// JSON values: tool inputs, form values, stored data.

/** Below this depth, two values are compared as a whole. */
const MAX_DEPTH = 6;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A difference between the proposed and the approved value. `before` or `after` is absent when the key is. */
export type Change = { path: string; before?: unknown; after?: unknown };

/** The differences of two values, down to single values. */
export function changesBetween(before: unknown, after: unknown, path = "", depth = 0): Change[] {
  if (isSame(before, after)) return [];
  if (depth < MAX_DEPTH && isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => {
      const [was, is] = [Object.hasOwn(before, key), Object.hasOwn(after, key)];
      if (was && is) return changesBetween(before[key], after[key], join(path, key), depth + 1);
      return [{ path: join(path, key), ...(was ? { before: before[key] } : { after: after[key] }) }];
    });
  }
  return [{ path, before, after }];
}

export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, index) => isSame(item, other[index]));
  if (!isRecord(one) || !isRecord(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isSame(one[key], other[key]))
  );
}

/** The display path of a key below `path`: `address.city`. */
export function join(path: string, key: string) {
  return path === "" ? key : `${path}.${key}`;
}

/** A value as text for people: strings unchanged, the rest as indented JSON. */
export function toText(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value, null, 2) ?? "";
  } catch {
    // Circular values and BigInts can't be JSON, but the card must still open.
    return "This value can't be displayed.";
  }
}

/** Turns a key or code name into words: "deliveryDate" and "delivery_date" become "Delivery date". */
export function humanize(key: string): string {
  const words = key
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/[_-]+/g, " ")
    .trim()
    .toLowerCase();
  return words ? words.charAt(0).toUpperCase() + words.slice(1) : key;
}

/** The title in an object's JSON Schema of the value at `path` ("address.street"); else the humanized key. */
export function labelOfPath(schema: unknown, path: string): string {
  let here = schema;
  return path
    .split(".")
    .map((key) => {
      const properties = isRecord(here) && isRecord(here.properties) ? here.properties : {};
      here = Object.hasOwn(properties, key) ? properties[key] : undefined;
      return isRecord(here) && typeof here.title === "string" && here.title ? here.title : humanize(key);
    })
    .join(" · ");
}
