import type { ModelMessage } from "ai";
import { expect, it } from "vitest";
import { message } from "@/e2e/support/chat-fixtures";
import { keepSavedLane, withSavedLane } from "./saved-lane";

const shown = ["u1", "a1", "u2"].map((id) => message(id));
const said = (content: string): ModelMessage => ({ role: "user", content });
const lane: ModelMessage[] = [said("u1"), { role: "assistant", content: "a1" }, said("u2")];
const given = async (state: unknown) =>
  (await withSavedLane(lane, shown, state, {})).map(({ content }) => content);

const summary = (throughId: string) => ({ modelMessages: [said("summary")], throughId });
const note = (afterId: string) => ({ afterId, messages: [said(`note behind ${afterId}`)] });

it("puts a summary in place of what it stands for, and notes where they belong", async () => {
  expect(await given(null)).toEqual(["u1", "a1", "u2"]);
  expect(await given({ v: 1, compaction: summary("a1") })).toEqual(["summary", "u2"]);
  expect(await given({ v: 1, injections: [note("u1"), note("u2")] })).toEqual([
    "u1",
    "note behind u1",
    "a1",
    "u2",
    "note behind u2",
  ]);
  expect(await given({ v: 1, compaction: summary("a1"), injections: [note("u1"), note("u2")] })).toEqual([
    "summary",
    "u2",
    "note behind u2",
  ]);
});

it("leaves out what belongs to another branch, and a layout of another release", async () => {
  const other = { v: 1, compaction: summary("elsewhere"), injections: [note("elsewhere")] };
  expect(await given(other)).toEqual(["u1", "a1", "u2"]);
  expect(await given({ ...other, v: 2 })).toEqual(["u1", "a1", "u2"]);
  expect(await given("nonsense")).toEqual(["u1", "a1", "u2"]);
});

it("keeps what a save knows nothing of, until a new summary speaks for it", () => {
  const saved = { v: 1, compaction: summary("a1"), injections: [note("a1")] };
  expect(keepSavedLane(saved, null)).toEqual(saved);
  expect(keepSavedLane(saved, { v: 1, injections: [note("u2")], steering: [] })).toEqual({
    ...saved,
    steering: [],
    injections: [note("a1"), note("u2")],
  });
  const newer = { v: 1, compaction: summary("u2") };
  expect(keepSavedLane(saved, newer)).toEqual(newer);
  expect(keepSavedLane(null, null)).toBeNull();
});
