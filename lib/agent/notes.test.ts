import { expect, it } from "vitest";
import { noNotes, type NotesState, readNotes, takeNote } from "./notes";

let id = 0;
const after = (...texts: string[]) =>
  texts.reduce((state, text) => takeNote(state, { id: `m${(id += 1)}`, text }).state, noNotes);
const textsOf = ({ notes }: NotesState) => notes.map(({ text }) => text);

it("takes a note per line, and removes, reads and clears", () => {
  const state = after("Oats\n\n  Milk ", "Rye", "remove 2");
  expect(textsOf(state)).toEqual(["Oats", "Rye"]);
  expect(takeNote(state, { id: "read", text: "Read" }).reply).toBe("1. Oats\n2. Rye");
  expect(textsOf(after("Oats", " CLEAR "))).toEqual([]);
});

it("applies a message once, however often it comes", () => {
  const message = { id: "again", text: "Oats" };
  const { state } = takeNote(noNotes, message);
  expect(takeNote(state, message).state).toBe(state);
});

it("bounds what it keeps, and says so", () => {
  const many = Array.from({ length: 103 }, (_, index) => `Note ${index}`).join("\n");
  const { state, reply } = takeNote(noNotes, { id: "many", text: many });
  expect(state.notes).toHaveLength(100);
  expect(reply).toBe("The list is full: 3 of 103 lines were left out. Remove a note first.");
  expect(textsOf(after("x".repeat(5_000)))[0]).toHaveLength(200);
  expect(takeNote(noNotes, { id: "none", text: " \n " }).reply).toMatch(/^That was empty/);
  expect(takeNote(noNotes, { id: "far", text: "remove 9" }).reply).toMatch(/^There is no note 9/);
});

it("reads the metadata of a new session, and of one that somebody else filled, as no notes", () => {
  for (const metadata of [null, undefined, {}, { notes: "x" }]) expect(readNotes(metadata)).toEqual(noNotes);
});
