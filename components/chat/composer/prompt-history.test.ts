import { describe, expect, it } from "vitest";
import { nothingRecalled, recall, type Recall } from "./prompt-history";
import { matchCommands } from "./slash";

const history = ["first", "second", "second", " ", "third"];
const older = (now: Recall, box = now.text) => recall(history, { now, box, direction: "older" });
const newer = (now: Recall, box = now.text) => recall(history, { now, box, direction: "newer" });

describe("what was asked before", () => {
  it("comes back newest first, without repeats and blanks, and stops at the oldest", () => {
    const third = older(nothingRecalled)!;
    const second = older(third)!;
    const first = older(second)!;
    expect([third.text, second.text, first.text]).toEqual(["third", "second", "first"]);
    expect(older(first)).toBeUndefined();
  });

  it("goes the same way back, to an empty box and no further", () => {
    const second = older(older(nothingRecalled)!)!;
    const third = newer(second)!;
    expect(third.text).toBe("third");
    expect(newer(third)).toEqual(nothingRecalled);
    expect(newer(nothingRecalled)).toBeUndefined();
  });

  it("leaves the arrow keys alone in a box with words of its own", () => {
    expect(older(nothingRecalled, "half a thought")).toBeUndefined();
    expect(older({ index: 0, text: "third" }, "third, changed")).toBeUndefined();
    expect(recall([], { now: nothingRecalled, box: "", direction: "older" })).toBeUndefined();
  });
});

describe("commands", () => {
  const commands = ["new", "note", "table"].map((name) => ({ name, description: "", insert: name }));
  const names = (box: string) => matchCommands(commands, box).map(({ name }) => name);

  it("are offered for a slash and what follows it", () => {
    expect(names("/")).toEqual(["new", "note", "table"]);
    expect(names("/N")).toEqual(["new", "note"]);
    expect(names("/table")).toEqual(["table"]);
  });

  it("are not offered for a path, a sentence, or a slash further on", () => {
    for (const box of ["", "new", "/usr/bin", "/new thing", "1/2", "/\nnew"]) expect(names(box)).toEqual([]);
  });
});
