/**
 * Runs inside QuickJS, before any code of a model: the console and the timers that the code finds, and a bounded
 * description of what it returns. Whatever the code does to the built-in objects afterwards harms only itself; the host
 * treats every text from here as untrusted.
 */

type Limits = {
  outputLength: number;
  valueLength: number;
  rows: number;
  columns: number;
  cellLength: number;
};

type Timer = { id: number; at: number; every: number | undefined; run: () => void };

const LINE = 72;
const MAX_DEPTH = 5;
const MAX_ITEMS = 100;
const MAX_KEYS = 60;
/** More timers than this are a bomb. */
const MAX_TIMERS = 10_000;
/** One more than a chart may have, so that the check of the chart can tell that there are too many. */
const MAX_CHART_ITEMS = 501;

/** Installs the globals. Returns the functions that the host calls, each with texts and numbers only. */
export function setUp(write: (text: string) => void, now: () => number, limits: Limits) {
  const { stringify } = JSON;
  const { isArray } = Array;
  const { is, keys, getPrototypeOf, getOwnPropertyDescriptor } = Object;
  const ObjectPrototype = Object.prototype;

  // ── Values as text ──

  /** Like Node's `util.inspect`, but never longer than `room` characters by much. */
  function inspect(value: unknown, length: number): string {
    const seen: unknown[] = [];
    let room = length;
    const spend = (text: string) => {
      room -= text.length;
      return text;
    };
    function show(each: unknown, depth: number): string {
      if (room <= 0) return "…";
      switch (typeof each) {
        case "string":
          return spend(stringify(each.length > room ? `${each.slice(0, room)}…` : each));
        case "bigint":
          return spend(`${bigText(each, room)}n`);
        case "symbol":
          return spend(String(each));
        case "function":
          return spend(`[Function: ${nameOf(each)}]`);
        case "number":
          return spend(is(each, -0) ? "-0" : String(each));
        case "object":
          return each === null ? spend("null") : inside(each, depth);
        case "boolean":
        case "undefined":
          return spend(String(each));
      }
    }
    function inside(each: object, depth: number): string {
      if (seen.includes(each)) return spend("[Circular]");
      if (each instanceof Date)
        return spend(Number.isNaN(each.getTime()) ? "Invalid Date" : each.toISOString());
      if (each instanceof RegExp) return spend(String(each).slice(0, room));
      if (each instanceof Error) return spend(`${String(each.name)}: ${String(each.message)}`.slice(0, room));
      if (each instanceof Promise) return spend("Promise {}");
      if (depth >= MAX_DEPTH) return spend(isArray(each) ? "[Array]" : "[Object]");
      seen.push(each);
      const text = contents(each, depth + 1);
      seen.pop();
      return text;
    }
    function contents(each: object, depth: number): string {
      if (each instanceof Map)
        return wrap(
          `Map(${each.size}) {`,
          "}",
          each.size,
          each.entries(),
          ([key, item]) => `${show(key, depth)} => ${show(item, depth)}`,
        );
      if (each instanceof Set)
        return wrap(`Set(${each.size}) {`, "}", each.size, each.values(), (item) => show(item, depth));
      if (isArray(each) || ArrayBuffer.isView(each)) {
        const list = each as ArrayLike<unknown>;
        const name = isArray(each) ? "" : `${nameOf(each.constructor)}(${list.length}) `;
        return wrap(`${name}[`, "]", list.length, indices(list.length), (index) => show(list[index], depth));
      }
      const own = keys(each);
      const proto = getPrototypeOf(each) as object | null;
      const name = proto === null || proto === ObjectPrototype ? "" : `${nameOf(proto.constructor)} `;
      return wrap(`${name}{`, "}", own.length, own.slice(0, MAX_KEYS).values(), (key) => {
        const shown = /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? key : stringify(key);
        return `${spend(shown)}: ${show(read(each, key), depth)}`;
      });
    }
    function wrap<Item>(
      open: string,
      close: string,
      total: number,
      items: Iterator<Item>,
      each: (item: Item) => string,
    ): string {
      const parts: string[] = [];
      for (let next = items.next(); !next.done; next = items.next()) {
        if (parts.length >= MAX_ITEMS || room <= 0) break;
        parts.push(each(next.value));
      }
      if (total > parts.length) parts.push(`… ${total - parts.length} more`);
      if (parts.length === 0) return spend(open + close);
      const flat = parts.join(", ");
      const isBlock = flat.length > LINE || flat.includes("\n");
      spend(open);
      return isBlock
        ? `${open}\n  ${lines(parts).join(",\n").replaceAll("\n", "\n  ")}\n${close}`
        : close === "]"
          ? `${open}${flat}${close}`
          : `${open} ${flat} ${close}`;
    }
    return show(value, 0);
  }

  /** Short items share a line. */
  function lines(parts: string[]): string[] {
    if (parts.some((part) => part.length > 12)) return parts;
    const all: string[] = [];
    for (const part of parts) {
      const last = all.at(-1);
      if (last !== undefined && last.length + part.length < LINE) all[all.length - 1] = `${last}, ${part}`;
      else all.push(part);
    }
    return all;
  }

  function* indices(length: number) {
    for (let index = 0; index < length; index++) yield index;
  }

  /** A getter or a proxy can throw. */
  function read(from: object, key: string): unknown {
    try {
      const own = getOwnPropertyDescriptor(from, key);
      return own?.get ? "[Getter]" : (from as Record<string, unknown>)[key];
    } catch {
      return "[Unreadable]";
    }
  }

  function nameOf(value: unknown): string {
    try {
      const { name } = value as { name?: unknown };
      return (typeof name === "string" && name.slice(0, 60)) || "anonymous";
    } catch {
      return "anonymous";
    }
  }

  /** A BigInt of a million digits takes seconds to write. */
  function bigText(value: bigint, room: number): string {
    const isHuge = value > 10n ** 400n || value < -(10n ** 400n);
    return isHuge ? "[BigInt of more than 400 digits]" : String(value).slice(0, room);
  }

  /** The text of a value on its own: a string is not quoted. */
  function textOf(value: unknown, length: number): string {
    if (typeof value === "string") return value.slice(0, length);
    try {
      return inspect(value, length).slice(0, length);
    } catch {
      return "[This value can't be shown]";
    }
  }

  // ── The console ──

  const print = (...values: unknown[]) => {
    // One more than fits, so that the host knows that something is left out.
    let text = "";
    for (const value of values) {
      if (text.length > limits.outputLength) break;
      text += (text === "" ? "" : " ") + textOf(value, limits.outputLength + 1);
    }
    write(text);
  };
  const counts = new Map<string, number>();
  const clocks = new Map<string, number>();
  const console = {
    log: print,
    info: print,
    debug: print,
    warn: print,
    error: print,
    trace: print,
    dir: (value: unknown) => print(value),
    table: (value: unknown) => print(value),
    group: print,
    groupEnd: () => {},
    assert: (isTrue: unknown, ...values: unknown[]) => {
      if (!isTrue) print("Assertion failed:", ...values);
    },
    count: (name = "default") => {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      print(`${name}: ${counts.get(name)}`);
    },
    time: (name = "default") => void clocks.set(name, now()),
    timeEnd: (name = "default") => print(`${name}: ${Math.round(now() - (clocks.get(name) ?? now()))} ms`),
  };

  // ── Timers ──

  let timers: Timer[] = [];
  let lastId = 0;
  const start = (run: unknown, ms: unknown, isRepeated: boolean, args: unknown[]) => {
    if (typeof run !== "function") throw new TypeError("A timer needs a function.");
    if (timers.length >= MAX_TIMERS) throw new RangeError(`At most ${MAX_TIMERS} timers can wait at once.`);
    const delay = Math.max(1, Number(ms) || 0);
    timers.push({
      id: ++lastId,
      at: now() + delay,
      every: isRepeated ? delay : undefined,
      run: () => void (run as (...given: unknown[]) => unknown)(...args),
    });
    return lastId;
  };
  const stop = (id: unknown) => {
    timers = timers.filter((timer) => timer.id !== id);
  };

  const globals = {
    console,
    setTimeout: (run: unknown, ms?: unknown, ...args: unknown[]) => start(run, ms, false, args),
    setInterval: (run: unknown, ms?: unknown, ...args: unknown[]) => start(run, ms, true, args),
    clearTimeout: stop,
    clearInterval: stop,
    queueMicrotask: (run: () => void) => void Promise.resolve().then(run),
    structuredClone: (value: unknown) => JSON.parse(stringify(value)) as unknown,
    performance: { now },
  };
  for (const [name, value] of Object.entries(globals))
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });

  // ── What the host asks ──

  function isRecord(value: unknown): value is Record<string, unknown> {
    return (
      typeof value === "object" &&
      value !== null &&
      !isArray(value) &&
      !(value instanceof Date || value instanceof Map || value instanceof Set || value instanceof Error)
    );
  }

  function cell(value: unknown) {
    if (value === null || value === undefined) return null;
    if (typeof value === "boolean") return value;
    if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
    return textOf(value, limits.cellLength);
  }

  function tableOf(value: unknown) {
    if (!isArray(value) || value.length === 0) return undefined;
    const shown = value.slice(0, limits.rows);
    if (!shown.every(isRecord)) return undefined;
    const columns = new Set<string>();
    for (const row of shown) for (const key of keys(row).slice(0, 1_000)) columns.add(key);
    if (columns.size === 0) return undefined;
    const names = [...columns].slice(0, limits.columns);
    return {
      columns: names.map((name) => name.slice(0, limits.cellLength)),
      rows: shown.map((row) => names.map((name) => cell(read(row, name)))),
      totalRows: value.length,
      totalColumns: columns.size,
    };
  }

  /** A copy for the check of a chart: plain values, few of them. */
  function plain(value: unknown, depth = 0): unknown {
    if (isArray(value))
      return depth > 3 ? null : value.slice(0, MAX_CHART_ITEMS).map((item) => plain(item, depth + 1));
    if (!isRecord(value)) return cell(value);
    if (depth > 3) return null;
    return Object.fromEntries(
      keys(value)
        .slice(0, 20)
        .map((key) => [key, plain(read(value, key), depth + 1)]),
    );
  }

  return {
    describe(value: unknown): string {
      if (value === undefined) return "{}";
      const text = textOf(value, limits.valueLength + 1);
      const table = tableOf(value);
      const isChart = isRecord(value) && typeof read(value, "chart") === "string";
      return stringify({ text, ...(table && { table }), ...(isChart && { chart: plain(value) }) });
    },
    describeError(error: unknown): string {
      if (!(error instanceof Error)) return stringify({ message: textOf(error, 2_000) });
      const field = (name: string, length: number) => {
        const value = read(error, name);
        return typeof value === "string" ? value.slice(0, length) : "";
      };
      return stringify({
        name: field("name", 100),
        message: field("message", 2_000),
        stack: field("stack", 8_000),
        lineNumber: Number(read(error, "lineNumber")) || 0,
      });
    },
    /** Milliseconds until the next timer; -1 when there is none. */
    due(): number {
      let next = Infinity;
      for (const { at } of timers) if (at < next) next = at;
      return next === Infinity ? -1 : Math.max(0, next - now());
    },
    /** Runs the timer that is due first. */
    fire(): void {
      let first: Timer | undefined;
      for (const timer of timers) if (timer.at <= now() && (!first || timer.at < first.at)) first = timer;
      if (!first) return;
      if (first.every === undefined) stop(first.id);
      else first.at = now() + first.every;
      first.run();
    },
    /** Forgets the timers of a run that has ended. */
    clear(): void {
      timers = [];
    },
  };
}
