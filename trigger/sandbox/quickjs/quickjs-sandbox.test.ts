import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { CodeLanguage } from "@/lib/agent/code-run";
import { codeLimits } from "../code-sandbox";
import { quickJsSandbox } from "./quickjs-sandbox";

const sandbox = quickJsSandbox();
/** For code that is stopped at its limit. */
const hasty = quickJsSandbox({ timeMs: 700 });
afterEach(() => hasty.dispose());
afterAll(() => sandbox.dispose());

const run = (code: string, language: CodeLanguage = "javascript") => sandbox.run({ language, code });
const runHastily = (code: string) => hasty.run({ language: "javascript", code });

describe("code", () => {
  it("returns what it prints, its value and its time", async () => {
    const result = await run(`console.log("sum", [1, 2], { a: "b" }); console.error(3n);\n1 + 2`);
    expect(result).toEqual({
      state: "done",
      output: 'sum [1, 2] { a: "b" }\n3n\n',
      value: "3",
      durationMs: expect.any(Number),
      truncated: false,
    });
  });

  it("can await, return, use timers and end with a promise", async () => {
    expect(await run("await Promise.resolve(4) + 1")).toMatchObject({ value: "5" });
    expect(await run("if (1 < 2) return 'early'; 'late'")).toMatchObject({ value: "early" });
    expect(await run("async function main() { return 42 }\nmain()")).toMatchObject({ value: "42" });
    const timed = await run(
      "setTimeout((word) => console.log(word), 20, 'later'); await new Promise((done) => setTimeout(done, 5)); 1",
    );
    expect(timed).toMatchObject({ value: "1", output: "later\n" });
  });

  it("finds what an earlier run has defined, and may define it again", async () => {
    await run("const rate = 3; let total = 10; function twice(n) { return 2 * n }");
    expect(await run("total += rate; twice(total)")).toMatchObject({ value: "26" });
    expect(await run("const rate = 5; rate * total")).toMatchObject({ value: "65" });
  });

  it("in TypeScript runs without its types, and errors name its own lines", async () => {
    const code = `interface Tide { height: number }
enum Level { Low, High }

const tides: Tide[] = [{ height: 2 } as Tide];
const level = <T,>(all: T[]): Level => (all.length > 0 ? Level.High : Level.Low);
console.log(level(tides));
throw new RangeError("too high");`;
    expect(await run(code, "typescript")).toMatchObject({
      state: "failed",
      output: "1\n",
      error: { kind: "thrown", name: "RangeError", message: "too high", lines: [7] },
    });
  });

  it.each([
    ["javascript", "const a =\n  3 +", 2],
    ["javascript", "const ok = 1;\nconst = 2", 2],
    ["typescript", "const a: number = 1;\nconst b: = 2;", 2],
  ] as const)("that is not %s says where", async (language, code, line) => {
    const { state, error } = await run(code, language);
    expect(state).toBe("failed");
    expect(error).toMatchObject({ kind: "syntax", name: "SyntaxError", lines: [line] });
  });

  it("in Python needs another sandbox, and says which", async () => {
    expect((await run("print(1)", "python")).error).toMatchObject({
      kind: "unsupported",
      hint: "Write it in JavaScript, or set E2B_API_KEY to run Python on E2B.",
    });
  });

  it("that is too long is not run", async () => {
    const { error } = await run(`console.log(1);${" ".repeat(codeLimits.codeLength)}`);
    expect(error).toMatchObject({
      kind: "too-long",
      message: "The code has 50,015 characters. At most 50,000 are run.",
    });
  });
});

describe("a value", () => {
  it.each([
    ["const loop = { name: 'a' }; loop.self = loop; loop", '{ name: "a", self: [Circular] }'],
    ["[1n, 10n ** 3n]", "[1n, 1000n]"],
    ["new Map([['a', new Set([1])]])", 'Map(1) { "a" => Set(1) { 1 } }'],
    ["() => 1", "[Function: anonymous]"],
    ["Symbol('s')", "Symbol(s)"],
    ["[undefined, null, NaN, -0]", "[undefined, null, NaN, -0]"],
    ["new Date(0)", "1970-01-01T00:00:00.000Z"],
    ["({ get secret() { throw 1 } })", '{ secret: "[Getter]" }'],
    ["({ a: { b: { c: { d: { e: { f: 1 } } } } } })", "{ a: { b: { c: { d: { e: [Object] } } } } }"],
  ])("%s is shown as text", async (code, text) => {
    expect(await run(code)).toMatchObject({ state: "done", value: text });
  });

  it("that is an array of objects is a table, however huge", async () => {
    const small = await run("[{ city: 'Oslo', degrees: 3 }, { city: 'Bergen', rain: 5n }]");
    expect(small.table).toEqual({
      columns: ["city", "degrees", "rain"],
      rows: [
        ["Oslo", 3, null],
        ["Bergen", null, "5n"],
      ],
      totalRows: 2,
      totalColumns: 3,
    });
    const wide = "Object.fromEntries(Array.from({ length: 100 }, (_, key) => ['c' + key, 'x'.repeat(1000)]))";
    const huge = await run(`const row = ${wide}; Array.from({ length: 50000 }, () => row)`);
    expect(huge.table).toMatchObject({ totalRows: 50_000, totalColumns: 100 });
    expect(huge.table!.rows.length).toBeGreaterThan(10);
    expect(huge.table!.rows[0]).toHaveLength(codeLimits.columns);
    expect(huge.truncated).toBe(true);
    expect(JSON.stringify(huge).length).toBeLessThan(150_000);
    const long = await run("Array.from({ length: 5_000 }, (_, n) => ({ n }))");
    expect(long.table).toMatchObject({ totalRows: 5_000, totalColumns: 1 });
    expect(long.table!.rows).toHaveLength(codeLimits.rows);
  });

  it("that describes a chart is one, or says why it is none", async () => {
    const good = await run("({ chart: 'bar', title: 'T', x: ['a', 'b'], y: [1, 2] })");
    expect(good.chart).toEqual({
      chart: "bar",
      title: "T",
      x: ["a", "b"],
      series: [{ name: "Value", y: [1, 2] }],
    });
    const uneven = await run("({ chart: 'line', x: [1, 2], series: [{ name: 's', y: [1] }] })");
    expect(uneven.chart).toBeUndefined();
    expect(uneven.chartProblem).toContain('`x` has 2 values, but "s" has 1.');
    const endless = await run(
      "({ chart: 'line', x: Array.from({ length: 5000 }, (_, i) => i), y: Array(5000).fill(1) })",
    );
    expect(endless.chartProblem).toBeDefined();
    expect((await run("({ chart: 'bar', x: ['a'], y: [NaN] })")).chartProblem).toBeDefined();
  });

  it("that runs code when it is looked at does not hang", async () => {
    const trap = "new Proxy({}, { ownKeys() { for (;;) {} } })";
    expect((await runHastily(trap)).error).toMatchObject({ kind: "time" });
    expect(await runHastily("new Proxy({}, { ownKeys() { throw 1 } })")).toMatchObject({ state: "done" });
  });

  it("has no say in how it is described", async () => {
    const spoil =
      "JSON.stringify = () => { throw 1 }; Array.isArray = () => true; Object.keys = () => ['x']; Object.prototype.then = undefined; ({ a: 1 })";
    const spoiled = quickJsSandbox();
    expect(await spoiled.run({ language: "javascript", code: spoil })).toMatchObject({ value: "{ a: 1 }" });
    await spoiled.dispose();
  });
});

describe("code that does too much", () => {
  it.each([
    ["an endless loop", "for (;;) {}"],
    ["an endless loop that catches everything", "for (;;) { try { for (;;) {} } catch {} }"],
    ["a regular expression that never ends", "/(a+)+$/.test('a'.repeat(40) + 'b')"],
    ["promises that beget promises", "function bomb() { Promise.resolve().then(bomb).then(bomb) } bomb()"],
    ["a timer that never ends", "setInterval(() => {}, 1)"],
    ["a sleep", "await new Promise((done) => setTimeout(done, 60_000))"],
  ])("%s is stopped at its time", async (_, code) => {
    const result = await runHastily(code);
    expect(result.error).toEqual(
      expect.objectContaining({ kind: "time", message: "The code ran longer than 0.7 s and was stopped." }),
    );
    expect(await runHastily("1 + 1")).toMatchObject({ state: "done", value: "2" });
  });

  it("timers that beget timers end, in one way or the other", async () => {
    const result = await runHastily("const bomb = () => { setTimeout(bomb); setTimeout(bomb) }; bomb()");
    expect(result.state).toBe("failed");
    expect(await runHastily("1")).toMatchObject({ value: "1" });
  });

  it.each([
    ["an allocation of 1 GB", "new ArrayBuffer(1_000_000_000)", "memory"],
    ["a string of 1 GB", "'x'.repeat(1_000_000_000)", "memory"],
    ["objects without end", "const all = []; for (;;) all.push({ a: 1, b: {} })", "memory"],
    ["a recursion without end", "const deeper = () => deeper() + 1; deeper()", "stack"],
    ["a value nested without end", "JSON.parse('['.repeat(1_000_000))", "stack"],
  ])("%s is stopped", async (_, code, kind) => {
    const before = process.memoryUsage().rss;
    const result = await run(code);
    expect(result.error).toMatchObject({ kind, hint: expect.any(String) });
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
    expect(await run("1 + 1")).toMatchObject({ state: "done", value: "2" });
  });

  it("50 MB of output are counted, and little of them is kept", async () => {
    const { state, output, omitted, truncated } = await run(
      "for (let line = 0; line < 50_000; line++) console.log('x'.repeat(1_000))",
    );
    expect(state).toBe("done");
    expect(output.length).toBe(codeLimits.outputLength);
    expect(omitted).toBe(50_000 * 1_001 - codeLimits.outputLength);
    expect(truncated).toBe(true);
  });

  it("one text of 50 MB is shortened", async () => {
    const result = await run("console.log('x'.repeat(50_000_000)); 'y'.repeat(5_000_000)");
    expect(result.output.length).toBe(codeLimits.outputLength);
    expect(result.value!.length).toBe(codeLimits.valueLength + 1);
  });

  it("a promise that nobody settles is explained", async () => {
    expect((await run("await new Promise(() => {})")).error?.message).toBe(
      "The code awaits a promise that nothing settles.",
    );
  });

  it("says that what was defined before is gone", async () => {
    await runHastily("var kept = 1");
    expect(await runHastily("for (;;) {}")).toMatchObject({ restarted: true });
    expect(await runHastily("typeof kept")).toMatchObject({ value: "undefined" });
  });
});

describe("code that reaches outside", () => {
  it.each([
    ["await fetch('https://example.com')", "no network"],
    ["new XMLHttpRequest()", "no network"],
    ["new WebSocket('wss://example.com')", "no network"],
    ["import fs from 'node:fs'; fs", "no packages and no modules"],
    ["const { readFileSync } = require('node:fs')", "no packages and no modules"],
    ["await import('node:fs')", "no packages and no modules"],
    ["process.env.DATABASE_URL", "no files, no processes"],
    ["Deno.readTextFileSync('/etc/passwd')", "no files, no processes"],
    ["this.constructor.constructor('return process')()", "no files, no processes"],
    ["(async () => {}).constructor('return process')().then((p) => p)", "no files, no processes"],
    ["document.cookie", "no page"],
  ])("%s is told what is not there", async (code, sentence) => {
    const { state, error } = await run(code);
    expect(state).toBe("failed");
    expect(error?.hint).toContain(sentence);
  });

  it("finds no way through the objects that it has", async () => {
    const search = `
const seen = new Set();
const found = [];
const walk = (value, path) => {
  if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return;
  seen.add(value);
  for (const key of Reflect.ownKeys(value)) {
    const name = String(key);
    if (/^(process|require|mainModule|binding|fetch|WebAssembly|parentPort|guest)$/.test(name)) found.push(path + "." + name);
    try { walk(value[key], path + "." + name); } catch {}
  }
  walk(Object.getPrototypeOf(value), path + ".__proto__");
};
walk(globalThis, "globalThis");
try { null.x } catch (error) { walk(error, "error"); walk(error.constructor, "Error"); }
walk((function () { return arguments })(), "arguments");
({ found, hasProcess: typeof process, own: (0, eval)("typeof require") })`;
    const { value } = await run(search);
    expect(value).toBe('{ found: [], hasProcess: "undefined", own: "undefined" }');
  });

  it("has no effect on the objects of this process", async () => {
    await run(
      "Object.prototype.polluted = 1; Array.prototype.map = () => 'stolen'; globalThis.setTimeout = null",
    );
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect([1].map((each) => each)).toEqual([1]);
  });
});

describe("the sandbox", () => {
  it("leaves the event loop of its process free while code loops", async () => {
    const delay = monitorEventLoopDelay({ resolution: 5 });
    hasty.warm();
    await runHastily("1");
    delay.enable();
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 5);
    await runHastily("for (;;) {}");
    clearInterval(ticking);
    delay.disable();
    // Of about 140. An event loop that is blocked for the whole run has none.
    expect(ticks).toBeGreaterThan(10);
  });

  it("runs calls that come together one after the other", async () => {
    const results = await Promise.all([
      run("var steps = ['one']"),
      run("steps.push('two')"),
      run("steps.join()"),
    ]);
    expect(results.at(-1)).toMatchObject({ value: "one,two" });
  });

  it("ends with what runs in it when it is stopped", async () => {
    const stop = new AbortController();
    const running = sandbox.run({ language: "javascript", code: "for (;;) {}" }, stop.signal);
    const later = run("typeof steps");
    setTimeout(() => stop.abort(new DOMException("Stopped.", "AbortError")), 50);
    await expect(running).rejects.toThrow("Stopped.");
    expect(await later).toMatchObject({ state: "done", value: "undefined" });
  });

  it("that was disposed of while code ran ends the run, and can be used again", async () => {
    const running = runHastily("for (;;) {}");
    await hasty.dispose();
    expect(await running).toMatchObject({ state: "failed" });
    expect(await runHastily("2")).toMatchObject({ value: "2" });
  });
});
