import { expect, it } from "vitest";
import { z } from "zod";
import { type Field, fromDraft, type ObjectField, readDefaults, readForm, toDraft } from "./form-schema";
import { draftIn, inputName, withChanges } from "./form-typed";

const formOf = (schema: z.ZodType) => must(readForm(z.toJSONSchema(schema, { io: "input" })));

function must<T>(value: T | null): T {
  if (value === null) throw new Error("Expected a form.");
  return value;
}

function child(form: ObjectField, key: string): Field {
  const field = form.fields.find((each) => each.key === key);
  if (!field) throw new Error(`Expected a field ${key}.`);
  return field;
}

const problemsOf = (form: Field, draft: Parameters<typeof fromDraft>[1]) =>
  fromDraft(form, draft).problems.map(({ path, message }) => `${path}: ${message}`);

const delivery = z.object({
  name: z.string().min(2).max(40),
  note: z.string().max(1000).optional(),
  email: z.email(),
  parcels: z.number().int().min(1).max(9),
  weight: z.number().positive().multipleOf(0.1),
  speed: z.enum(["slow", "fast"]).default("slow"),
  day: z.iso.date(),
  isGift: z.boolean(),
  address: z.object({ street: z.string(), floor: z.number().nullable() }),
  tags: z.array(z.string().regex(/^[a-z]+$/)).max(2),
});

const filled = {
  name: "Mara",
  email: "mara@example.com",
  parcels: 2,
  weight: 0.3,
  speed: "fast",
  day: "2026-11-21",
  isGift: true,
  address: { street: "North Mole 4", floor: null },
  tags: ["blue"],
};

it("reads what zod writes, field by field", () => {
  const form = formOf(delivery);
  expect(form.fields.map(({ key, kind }) => `${key} ${kind}`)).toEqual([
    "name text",
    "note text",
    "email text",
    "parcels number",
    "weight number",
    "speed choice",
    "day date",
    "isGift boolean",
    "address object",
    "tags list",
  ]);
  expect(child(form, "note")).toMatchObject({ isLong: true, isRequired: false });
  expect(child(form, "isGift").label).toBe("Is gift");
});

it("gives back the value that was put into the fields, and zod takes it", () => {
  const form = formOf(delivery);
  const { value, problems } = fromDraft(form, toDraft(form, filled), filled);
  expect(problems).toEqual([]);
  expect(value).toEqual(filled);
  expect(delivery.parse(value)).toEqual(filled);
});

it("begins with the schema's defaults", () => {
  const schema = z.toJSONSchema(
    z.object({
      speed: z.enum(["slow", "fast"]).default("fast"),
      at: z.object({ hour: z.number().default(9) }),
    }),
  );
  const form = must(readForm(schema));
  expect(fromDraft(form, toDraft(form, readDefaults(schema))).value).toEqual({
    speed: "fast",
    at: { hour: 9 },
  });
});

it("says beside each field what is wrong with it", () => {
  const draft = {
    name: "M",
    note: "",
    email: "mara",
    parcels: "1.5",
    weight: "0",
    speed: "",
    day: "2026-02-30",
    isGift: false,
    address: { street: "", floor: "" },
    tags: ["blue", "Red", "green"],
  };
  expect(problemsOf(formOf(delivery), draft)).toEqual([
    "name: Too short: 1 of at least 2 characters.",
    "email: Enter an email address like name@example.com.",
    "parcels: Enter a whole number.",
    "weight: Must be more than 0.",
    "day: Enter a date like 2026-11-21.",
    "address.street: Enter a value.",
    "tags: At most 2 are allowed.",
  ]);
});

it("leaves out what was left empty, and says null where only null means empty", () => {
  const form = formOf(
    z.object({ a: z.string().optional(), b: z.string().nullable(), c: z.number().optional() }),
  );
  expect(fromDraft(form, { a: "", b: "", c: "" })).toEqual({ value: { b: null }, problems: [] });
});

it("keeps keys that have no field", () => {
  const form = must(readForm({ type: "object", properties: { amount: { type: "number" } } }));
  const original = { amount: 89, traceId: "t-1" };
  expect(fromDraft(form, { amount: "75" }, original).value).toEqual({ amount: 75, traceId: "t-1" });
});

it("takes a comma for a decimal point, and 0.3 for a multiple of 0.1", () => {
  const form = formOf(z.object({ weight: z.number().multipleOf(0.1) }));
  expect(fromDraft(form, { weight: "0,3" })).toEqual({ value: { weight: 0.3 }, problems: [] });
  expect(problemsOf(form, { weight: "0.35" })).toEqual(["weight: Enter a multiple of 0.1."]);
});

it("writes an instant and a day apart", () => {
  const form = formOf(z.object({ at: z.iso.datetime() }));
  const value = { at: "2026-11-21T14:02:00.000Z" };
  expect(fromDraft(form, toDraft(form, value)).value).toEqual(value);
});

it("follows references inside the schema, and ends where they turn in a circle", () => {
  const tree = {
    type: "object",
    properties: { name: { $ref: "#/$defs/name" }, loop: { $ref: "#/$defs/loop" }, child: { $ref: "#" } },
    $defs: { name: { type: "string", minLength: 3 }, loop: { $ref: "#/$defs/loop" } },
  };
  const form = must(readForm(tree));
  expect(child(form, "name")).toMatchObject({ kind: "text", minLength: 3 });
  expect(child(form, "loop").kind).toBe("json");
  expect(countFields(form)).toBeLessThanOrEqual(200);
});

it("stops at a depth, at a number of fields and at a number of options", () => {
  let deep: unknown = { type: "string" };
  for (let level = 0; level < 5_000; level += 1) deep = { type: "object", properties: { next: deep } };
  expect(countFields(must(readForm(deep)))).toBeLessThan(10);

  const wide = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, index) => [`k${index}`, { type: "string" }]),
  );
  expect(readForm({ type: "object", properties: wide })).toBeNull();

  const many = Array.from({ length: 50_000 }, (_, index) => `v${index}`);
  const form = must(readForm({ type: "object", properties: { one: { enum: many } }, required: ["one"] }));
  expect(child(form, "one").kind).toBe("text");
  expect(fromDraft(form, { one: "v49999" }).problems).toEqual([]);
  expect(problemsOf(form, { one: "v50000" })).toEqual(["one: This value isn't allowed."]);
});

it("never mistakes a key for the prototype", () => {
  const schema = JSON.parse(
    '{"type":"object","properties":{"__proto__":{"type":"string"},"constructor":{"type":"string"}},"required":["toString"]}',
  ) as unknown;
  const form = must(readForm(schema));
  const draft = toDraft(form, { constructor: "x" });
  const { value } = fromDraft(form, JSON.parse('{"__proto__":"polluted","constructor":"c"}') as typeof draft);
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(Object.keys(value as object)).toEqual(["__proto__", "constructor"]);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  // Inherited properties don't count as proposed values.
  expect(toDraft(form, {})).toEqual(JSON.parse('{"__proto__":"","constructor":""}'));
});

it("reads whatever a model may send for a schema without failing", () => {
  for (const schema of [
    null,
    undefined,
    4,
    "x",
    [],
    {},
    { type: 7 },
    { type: "object", properties: [] },
    { $ref: 3 },
  ])
    expect(readForm(schema)).toBeNull();
  const odd = must(
    readForm({
      type: "object",
      required: "all",
      properties: {
        a: { enum: [] },
        b: { type: "string", pattern: "(" },
        c: { type: ["string", "number"] },
        d: { anyOf: [{ type: "string" }, { type: "number" }] },
        e: null,
        f: { type: "number", minimum: "low", multipleOf: 0 },
        g: { type: "array" },
      },
    }),
  );
  expect(odd.fields.map(({ kind }) => kind)).toEqual([
    "json",
    "text",
    "json",
    "json",
    "json",
    "number",
    "json",
  ]);
  expect(problemsOf(odd, { c: "{" })[0]).toContain("c: This isn't valid JSON");
});

it.each(["^(a+)+$", "^(a|a)*$", "(.*.*)*x", "^[A-Z]+$"])("leaves the pattern %s to the server", (pattern) => {
  const form = must(
    readForm({ type: "object", properties: { a: { type: "string", pattern } }, required: ["a"] }),
  );
  expect(problemsOf(form, { a: `${"a".repeat(40)}!` })).toEqual([]);
});

it("reads a number by the reader's customs, and refuses what can mean two", () => {
  const form = formOf(z.object({ amount: z.number(), lines: z.array(z.number()) }));
  const readTyped = (typed: string, locale: string) =>
    fromDraft(form, { amount: typed, lines: [typed] }, undefined, undefined, locale);
  expect(readTyped("1,000", "en").value).toEqual({ amount: 1000, lines: [1000] });
  expect(readTyped("1.000", "de").value).toEqual({ amount: 1000, lines: [1000] });
  expect(readTyped("1,000", "de").problems.map(({ path }) => path)).toEqual(["amount", "lines.0"]);
  expect(readTyped("1,000", "de").problems[0]?.message).toContain("can mean 1 or 1000");
});

it("keeps an unedited number, however the reader's locale writes it", () => {
  const form = formOf(z.object({ weight: z.number() }));
  const draft = toDraft(form, { weight: 1.234 });
  expect(fromDraft(form, draft, { weight: 1.234 }, undefined, "de")).toEqual({
    value: { weight: 1.234 },
    problems: [],
  });
});

it("takes from the page what was typed before it was alive, and keeps the rest of a draft", () => {
  const form = formOf(
    z.object({
      name: z.string(),
      amount: z.number(),
      isUrgent: z.boolean(),
      to: z.object({ city: z.string().optional(), zip: z.string() }),
      lines: z.array(z.string()),
    }),
  );
  const value = { name: "", amount: 2.5, isUrgent: false, to: { city: "", zip: "" }, lines: ["a", "b"] };
  const drawn = toDraft(form, value);
  const inputs = new FormData();
  for (const [path, text] of Object.entries({
    name: "Ada",
    amount: "2.5",
    "to.city": "",
    "to.zip": "1010",
    "lines.0": "a",
    "lines.1": "c",
  }))
    inputs.set(inputName(path), text);
  inputs.set(inputName("isUrgent"), "on");
  const typed = draftIn(inputs, form, drawn);
  expect(fromDraft(form, typed).value).toEqual({
    ...value,
    name: "Ada",
    isUrgent: true,
    to: { zip: "1010" },
    lines: ["a", "c"],
  });
  const kept = { ...(drawn as object), name: "Bob", to: { city: "Wien", zip: "" } };
  expect(fromDraft(form, withChanges(kept, drawn, typed)).value).toMatchObject({
    name: "Ada",
    to: { city: "Wien", zip: "1010" },
  });
  expect(withChanges(kept, drawn, drawn)).toBe(kept);
});

function countFields(field: Field): number {
  if (field.kind === "object") return 1 + field.fields.reduce((sum, each) => sum + countFields(each), 0);
  return field.kind === "list" ? 1 + countFields(field.item) : 1;
}
