import { afterAll, beforeAll, expect } from "vitest";
import { type EnginePlace, startEnginePlace } from "./engine-place";
import { type Line, lines, openPage, type PageOptions, savedTranscript, type Site } from "./page";

const userId = "owner";

/** An engine for the tests of one file, and the pages that its only person opens. Call it at the top of the file. */
export function pagesOnEngine() {
  let place: EnginePlace | undefined;
  beforeAll(async () => {
    place = await startEnginePlace();
  });
  afterAll(() => place?.close());

  const started = (): EnginePlace => {
    if (!place) throw new Error("The engine starts before the first test, not while the file is read.");
    return place;
  };
  const site = (): Site => ({ db: started().db, userId, engineUrl: started().engine.url });
  const saved = (chatId: string) => savedTranscript(started().db, chatId);
  return {
    userId,
    get db() {
      return started().db;
    },
    get engine() {
      return started().engine;
    },
    site,
    openPage: (chatId: string, options?: PageOptions) => openPage(site(), chatId, options),
    savedTranscript: saved,
    expectSaved: async (chatId: string, expected: Line[]): Promise<void> => {
      expect(lines(await saved(chatId))).toEqual(expected);
    },
  };
}
