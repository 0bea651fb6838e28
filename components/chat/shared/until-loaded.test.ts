import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { untilLoaded } from "./until-loaded";

beforeEach(() => {
  vi.useFakeTimers();
  const page = new EventTarget();
  vi.stubGlobal("window", page);
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A script that loads at the given attempt. */
function comesAt(attempt: number) {
  let tries = 0;
  return vi.fn<() => Promise<string>>(async () => {
    tries += 1;
    if (tries < attempt) throw new Error("Failed to load chunk");
    return "loaded";
  });
}

it("asks again when the line is back", async () => {
  const load = comesAt(2);
  const loaded = untilLoaded(load);
  await vi.advanceTimersByTimeAsync(0);
  expect(load).toHaveBeenCalledTimes(1);
  window.dispatchEvent(new Event("online"));
  expect(await loaded).toBe("loaded");
});

it("retries until it loads, with growing delays", async () => {
  const load = comesAt(20);
  const loaded = untilLoaded(load);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(load.mock.calls.length).toBeLessThan(10);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(await loaded).toBe("loaded");
  expect(load).toHaveBeenCalledTimes(20);
});

it("says so on a server, where nothing is on its way", async () => {
  vi.unstubAllGlobals();
  await expect(untilLoaded(comesAt(2))).rejects.toThrow("Failed to load chunk");
});

it("fetches a script that the bundler has given up, one after the other, and imports again", async () => {
  const asked: string[] = [];
  vi.stubGlobal("document", {
    createElement: () => {
      const listeners = new Map<string, () => void>();
      const script = {
        src: "",
        remove() {},
        addEventListener: (name: string, on: () => void) => listeners.set(name, on),
      };
      return {
        script,
        listeners,
        ...script,
        get src() {
          return script.src;
        },
        set src(src: string) {
          script.src = src;
        },
      };
    },
    head: {
      append(element: { src: string; listeners: Map<string, () => void> }) {
        asked.push(element.src);
        element.listeners.get("load")?.();
      },
    },
  });
  const missing = ["/_next/static/chunks/a.js", "/_next/static/chunks/b.js?dpl=1"];
  const load = async () => {
    const lost = missing.find((src) => !asked.includes(src));
    if (lost !== undefined) throw new Error(`Failed to load chunk ${lost} from module 42`);
    return "loaded";
  };
  expect(await untilLoaded(load)).toBe("loaded");
  expect(asked).toEqual(missing);
});
