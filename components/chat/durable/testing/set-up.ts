import { afterEach, beforeEach, vi } from "vitest";
import { VirtualClock } from "./virtual-clock";
import { World } from "./world";

/** Everything that waits for something gives up or is repeated within this time, in milliseconds. */
export const LONG = 400_000;

/** A world and its clock for each test, or for each `begin`. */
export function setUpWorld() {
  const set = {
    clock: new VirtualClock(),
    world: new World(),
    begin: (): void => {
      set.clock = new VirtualClock();
      set.clock.install();
      set.world = new World();
    },
    end: (): void => {
      set.world.closePages();
      set.clock.uninstall();
    },
  };
  beforeEach(() => {
    vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
      const { headers, body, signal } = init;
      const partId = new Headers(headers).get("x-part-id")!;
      const answered = set.world.pageAt(url)!.answer(body as string, partId);
      return new Promise((resolve, reject) => {
        signal?.addEventListener("abort", () => reject(new DOMException("Aborted", "AbortError")));
        answered.then(resolve, reject);
      });
    });
    const page = new EventTarget();
    vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
    vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
    vi.stubGlobal("dispatchEvent", page.dispatchEvent.bind(page));
    set.begin();
  });
  afterEach(() => {
    set.end();
    vi.unstubAllGlobals();
  });
  return set;
}
