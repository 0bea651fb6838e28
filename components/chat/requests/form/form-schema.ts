// Converts a JSON Schema to fields, and typed text to a value and back. The server validates again; this validation
// shows errors beside their fields. Only the server checks a `pattern`: a regular expression from elsewhere can hang
// the page, and the server has a time limit for it.

import { humanize, isRecord, isSame, join } from "../../shared/json";
import { readNumber } from "./read-number";

type Named = { key: string; label: string; hint?: string; isRequired: boolean; isNullable: boolean };

export type TextField = Named & {
  kind: "text";
  format?: "email" | "uri";
  isLong: boolean;
  minLength?: number;
  maxLength?: number;
  /** An enum with too many choices to list. */
  allowed?: Set<string>;
};
export type NumberField = Named & { kind: "number"; isInteger: boolean } & Range;
export type DateField = Named & { kind: "date"; hasTime: boolean };
export type BooleanField = Named & { kind: "boolean" };
export type ChoiceField = Named & { kind: "choice"; options: Array<{ value: unknown; label: string }> };
export type ObjectField = Named & { kind: "object"; fields: Field[] };
export type ListField = Named & { kind: "list"; item: Field; minItems: number; maxItems: number };
/** A value without a field of its own is edited as JSON. */
export type JsonField = Named & { kind: "json" };
export type Field =
  | TextField
  | NumberField
  | DateField
  | BooleanField
  | ChoiceField
  | ObjectField
  | ListField
  | JsonField;

type Range = { min?: number; max?: number; isAboveMin?: boolean; isBelowMax?: boolean; step?: number };

/** The values of the fields: typed text as it is. A number is one that hasn't been edited. */
export type FormDraft = string | number | boolean | FormDraft[] | { [key: string]: FormDraft };

export type FormProblem = { path: string; label: string; message: string };

type Schema = Record<string, unknown>;

const MAX_DEPTH = 6;
const MAX_FIELDS = 200;
const MAX_OPTIONS = 200;
const MAX_ITEMS = 100;
const MAX_REFERENCES = 16;
const ROOT = "";

/** The fields of a form, or null when the schema isn't an object's; then the value is edited as JSON. */
export function readForm(schema: unknown): ObjectField | null {
  const reader = { root: isRecord(schema) ? schema : {}, fieldsLeft: MAX_FIELDS };
  const field = readField(reader, schema, { key: ROOT, label: "", isRequired: true }, 0);
  return field.kind === "object" ? field : null;
}

type Reader = { root: Schema; fieldsLeft: number };

function readField(
  reader: Reader,
  raw: unknown,
  name: { key: string; label: string; isRequired: boolean },
  depth: number,
): Field {
  const { schema, isNullable } = withoutNull(resolve(reader.root, raw));
  const hint = text(schema.description);
  const named: Named = {
    ...name,
    label: text(schema.title) ?? name.label,
    ...(hint && { hint }),
    isNullable,
  };
  reader.fieldsLeft -= 1;
  if (depth > MAX_DEPTH || reader.fieldsLeft < 0) return { ...named, kind: "json" };

  const values = valuesOf(schema);
  if (values && values.length <= MAX_OPTIONS)
    return { ...named, kind: "choice", options: values.map((value) => ({ value, label: labelOf(value) })) };
  if (values?.every((value) => typeof value === "string"))
    return { ...named, kind: "text", isLong: false, allowed: new Set(values) };
  if (values) return { ...named, kind: "json" };

  switch (schema.type) {
    case "string":
      return readText(schema, named);
    case "number":
    case "integer":
      return { ...named, kind: "number", isInteger: schema.type === "integer", ...range(schema) };
    case "boolean":
      return { ...named, kind: "boolean" };
    case "array": {
      if (!isRecord(schema.items)) return { ...named, kind: "json" };
      const item = readField(
        reader,
        schema.items,
        { key: "item", label: named.label, isRequired: true },
        depth + 1,
      );
      return {
        ...named,
        kind: "list",
        item,
        minItems: Math.min(count(schema.minItems) ?? 0, MAX_ITEMS),
        maxItems: Math.min(count(schema.maxItems) ?? MAX_ITEMS, MAX_ITEMS),
      };
    }
    case "object": {
      if (!isRecord(schema.properties)) return { ...named, kind: "json" };
      const required = new Set(Array.isArray(schema.required) ? schema.required : []);
      const entries = Object.entries(schema.properties);
      if (entries.length > reader.fieldsLeft) return { ...named, kind: "json" };
      const fields = entries.map(([key, property]) =>
        readField(reader, property, { key, label: humanize(key), isRequired: required.has(key) }, depth + 1),
      );
      return { ...named, kind: "object", fields };
    }
    default:
      return { ...named, kind: "json" };
  }
}

function readText(schema: Schema, named: Named): Field {
  const { format } = schema;
  if (format === "date" || format === "date-time")
    return { ...named, kind: "date", hasTime: format === "date-time" };
  const isKnown = format === "email" || format === "uri";
  const [minLength, maxLength] = [count(schema.minLength), count(schema.maxLength)];
  return {
    ...named,
    kind: "text",
    isLong: (maxLength ?? 0) > 200 || format === "textarea" || format === "multiline",
    ...(isKnown && { format }),
    ...(minLength !== undefined && { minLength }),
    ...(maxLength !== undefined && { maxLength }),
  };
}

/** Resolves `$ref` and a single `allOf` inside the schema; an unresolvable reference is an unknown schema. */
function resolve(root: Schema, raw: unknown): Schema {
  let schema = raw;
  for (let step = 0; step < MAX_REFERENCES && isRecord(schema); step += 1) {
    const reference: unknown = schema.$ref;
    const [only]: unknown[] =
      Array.isArray(schema.allOf) && schema.allOf.length === 1 ? (schema.allOf as unknown[]) : [];
    if (typeof reference === "string") schema = resolveReference(root, reference);
    else if (only !== undefined) schema = only;
    else return schema;
  }
  return {};
}

function resolveReference(root: Schema, reference: string): unknown {
  if (!reference.startsWith("#")) return undefined;
  return reference
    .slice(1)
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<unknown>((at, key) => (isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined), root);
}

/** `null` isn't a choice: a nullable field may be left empty. */
function withoutNull(schema: Schema): { schema: Schema; isNullable: boolean } {
  if (Array.isArray(schema.type)) {
    const types = schema.type.filter((type) => type !== "null");
    const isNullable = types.length < schema.type.length;
    return { schema: { ...schema, type: types.length === 1 ? types[0] : undefined }, isNullable };
  }
  const union = unionOf(schema);
  if (!union) return { schema, isNullable: false };
  const rest = union.filter((each) => each.type !== "null");
  const isNullable = rest.length < union.length;
  const [only] = rest;
  return { schema: rest.length === 1 && only ? { ...schema, ...only } : schema, isNullable };
}

function unionOf(schema: Schema): Schema[] | undefined {
  const union: unknown = schema.anyOf ?? schema.oneOf;
  return Array.isArray(union) && union.every(isRecord) ? union : undefined;
}

/** The values that an enum, a constant or a union of constants allows. */
function valuesOf(schema: Schema): unknown[] | undefined {
  if (Array.isArray(schema.enum) && schema.enum.length > 0) return [...new Set<unknown>(schema.enum)];
  if (Object.hasOwn(schema, "const")) return [schema.const];
  const union = unionOf(schema)?.filter((each) => each.type !== "null");
  if (!union || union.length === 0 || !union.every((each) => Object.hasOwn(each, "const"))) return undefined;
  return union.map((each) => each.const);
}

function range(schema: Schema): Range {
  const [min, above] = [number(schema.minimum), number(schema.exclusiveMinimum)];
  const [max, below] = [number(schema.maximum), number(schema.exclusiveMaximum)];
  const step = number(schema.multipleOf);
  return {
    ...(min !== undefined && { min }),
    ...(above !== undefined && { min: above, isAboveMin: true }),
    // An integer without limits gets the limits of JavaScript's safe integers.
    ...(max !== undefined && max < Number.MAX_SAFE_INTEGER && { max }),
    ...(below !== undefined && { max: below, isBelowMax: true }),
    ...(step !== undefined && step > 0 && { step }),
  };
}

/** Formats a value for its field. The caller supplies the schema's default. */
export function toDraft(field: Field, value: unknown): FormDraft {
  switch (field.kind) {
    case "text":
      return typeof value === "string" ? value : "";
    case "number":
      return typeof value === "number" ? value : "";
    case "date":
      return typeof value === "string" ? (field.hasTime ? toLocal(value) : value) : "";
    case "boolean":
      return value === true;
    case "choice": {
      const index = field.options.findIndex((option) => isSame(option.value, value));
      // A single choice isn't a choice.
      return index >= 0 ? String(index) : field.options.length === 1 && field.isRequired ? "0" : "";
    }
    case "json":
      return value === undefined ? "" : (JSON.stringify(value, null, 2) ?? "");
    case "list": {
      const items: unknown[] = Array.isArray(value) ? value : [];
      const missing = Array.from({ length: Math.max(0, field.minItems - items.length) });
      return [...items, ...missing].map((item) => toDraft(field.item, item));
    }
    case "object": {
      const from = isRecord(value) ? value : {};
      // `fromEntries` defines its keys, so a key named `__proto__` stays a key.
      return Object.fromEntries(
        field.fields.map((each) => [
          each.key,
          toDraft(each, Object.hasOwn(from, each.key) ? from[each.key] : undefined),
        ]),
      );
    }
  }
}

/** The schema's defaults, as an initial value. */
export function readDefaults(schema: unknown): unknown {
  const root = isRecord(schema) ? schema : {};
  return defaultsOf(root, schema, 0);
}

function defaultsOf(root: Schema, raw: unknown, depth: number): unknown {
  const { schema } = withoutNull(resolve(root, raw));
  if (Object.hasOwn(schema, "default")) return schema.default;
  if (schema.type !== "object" || !isRecord(schema.properties) || depth > MAX_DEPTH) return undefined;
  const entries = Object.entries(schema.properties)
    .slice(0, MAX_FIELDS)
    .map(([key, property]) => [key, defaultsOf(root, property, depth + 1)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

export type FormResult = { value: unknown; problems: FormProblem[] };

/**
 * Reads the value from the fields, with every error. Keys of `original` without a field are kept: people can't have
 * meant to remove what they can't see.
 */
export function fromDraft(
  field: Field,
  draft: FormDraft,
  original?: unknown,
  path = ROOT,
  /** The locale for numbers. */
  locale?: string,
): FormResult {
  const problem = (message: string): FormResult => ({
    value: undefined,
    problems: [{ path, label: field.label || "This", message }],
  });
  const fine = (value: unknown): FormResult => ({ value, problems: [] });
  const missing = (message: string) =>
    !field.isRequired ? fine(undefined) : field.isNullable ? fine(null) : problem(message);

  switch (field.kind) {
    case "text": {
      const typed = typeof draft === "string" ? draft : "";
      if (typed === "") {
        if (field.isRequired && !field.isNullable && original === "" && !field.minLength) return fine("");
        return missing("Enter a value.");
      }
      const message = textProblem(field, typed);
      return message ? problem(message) : fine(typed);
    }
    case "number": {
      const typed = typeof draft === "string" ? draft.trim() : "";
      if (typed === "" && typeof draft !== "number") return missing("Enter a number.");
      const reading = typeof draft === "number" ? { value: draft } : readNumber(typed, locale);
      if ("problem" in reading) return problem(reading.problem);
      const message = numberProblem(field, reading.value);
      return message ? problem(message) : fine(reading.value);
    }
    case "date": {
      const typed = typeof draft === "string" ? draft : "";
      if (typed === "") return missing("Choose a date.");
      const time = Date.parse(typed);
      if (Number.isNaN(time) || (!field.hasTime && !isDay(typed)))
        return problem("Enter a date like 2026-11-21.");
      return fine(field.hasTime ? new Date(time).toISOString() : typed);
    }
    case "boolean":
      return fine(draft === true);
    case "choice": {
      const option = draft === "" ? undefined : field.options[Number(draft)];
      return option ? fine(option.value) : missing("Choose one.");
    }
    case "json": {
      const typed = typeof draft === "string" ? draft : "";
      if (typed.trim() === "") return missing("Enter a JSON value.");
      try {
        return fine(JSON.parse(typed));
      } catch (error) {
        return problem(
          `This isn't valid JSON: ${error instanceof Error ? error.message : "it can't be read"}.`,
        );
      }
    }
    case "list": {
      const items = Array.isArray(draft) ? draft : [];
      const from: unknown[] = Array.isArray(original) ? original : [];
      if (items.length === 0 && !field.isRequired && original === undefined) return fine(undefined);
      const results = items.map((item, index) =>
        fromDraft(field.item, item, from[index], join(path, String(index)), locale),
      );
      const problems = results.flatMap((result, index) =>
        result.problems.map((each) => ({ ...each, label: `${each.label}, item ${index + 1}` })),
      );
      if (items.length < field.minItems)
        problems.push({ path, label: field.label, message: `At least ${field.minItems} are needed.` });
      if (items.length > field.maxItems)
        problems.push({ path, label: field.label, message: `At most ${field.maxItems} are allowed.` });
      return { value: results.map((result) => result.value), problems };
    }
    case "object": {
      const from = isRecord(original) ? original : {};
      const typed = isRecord(draft) ? (draft as Record<string, FormDraft>) : {};
      if (!field.isRequired && original === undefined && isBlank(typed)) return fine(undefined);
      const fieldKeys = new Set(field.fields.map((each) => each.key));
      const results = field.fields.map((each) => ({
        key: each.key,
        ...fromDraft(
          each,
          Object.hasOwn(typed, each.key) ? (typed[each.key] ?? "") : "",
          Object.hasOwn(from, each.key) ? from[each.key] : undefined,
          join(path, each.key),
          locale,
        ),
      }));
      const value = Object.fromEntries([
        ...Object.entries(from).filter(([key]) => !fieldKeys.has(key)),
        ...results.filter((result) => result.value !== undefined).map(({ key, value }) => [key, value]),
      ]);
      return { value, problems: results.flatMap((result) => result.problems) };
    }
  }
}

function textProblem(field: TextField, typed: string): string | undefined {
  if (field.minLength !== undefined && typed.length < field.minLength)
    return `Too short: ${typed.length} of at least ${field.minLength} characters.`;
  if (field.maxLength !== undefined && typed.length > field.maxLength)
    return `Too long: ${typed.length} characters, the limit is ${field.maxLength}.`;
  if (field.format === "email" && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(typed))
    return "Enter an email address like name@example.com.";
  if (field.format === "uri" && !URL.canParse(typed)) return "Enter an address like https://example.com.";
  if (field.allowed && !field.allowed.has(typed)) return "This value isn't allowed.";
  return undefined;
}

function numberProblem({ isInteger, ...field }: NumberField, value: number): string | undefined {
  if (isInteger && !Number.isInteger(value)) return "Enter a whole number.";
  if (field.min !== undefined && (field.isAboveMin ? value <= field.min : value < field.min))
    return field.isAboveMin ? `Must be more than ${field.min}.` : `Must be at least ${field.min}.`;
  if (field.max !== undefined && (field.isBelowMax ? value >= field.max : value > field.max))
    return field.isBelowMax ? `Must be less than ${field.max}.` : `Must be at most ${field.max}.`;
  if (field.step !== undefined && !isMultiple(value, field.step)) return `Enter a multiple of ${field.step}.`;
  return undefined;
}

/** 0.3 is a multiple of 0.1 despite binary fractions. */
function isMultiple(value: number, step: number) {
  const times = value / step;
  return Math.abs(times - Math.round(times)) <= 1e-9 * Math.max(1, Math.abs(times));
}

function labelOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
}

function isBlank(draft: FormDraft): boolean {
  if (typeof draft === "string") return draft === "";
  if (typeof draft === "number") return false;
  if (typeof draft === "boolean") return !draft;
  return Object.values(draft).every(isBlank);
}

function isDay(typed: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(typed) && new Date(typed).toISOString().startsWith(typed);
}

/** An instant in the format of `datetime-local`. */
function toLocal(instant: string): string {
  const time = Date.parse(instant);
  if (Number.isNaN(time)) return "";
  return new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() ? value.slice(0, 500) : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function count(value: unknown): number | undefined {
  const size = number(value);
  return size !== undefined && size >= 0 ? Math.floor(size) : undefined;
}
