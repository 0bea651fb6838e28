/** What the notes agent (trigger/notes.ts) keeps, and what its page shows of it. */

export type Note = { id: string; text: string };

/** It is the session's metadata, so it outlives every run. */
export type NotesState = {
  notes: Note[];
  /** The message that was applied last: a run that takes over after a crash gets it again, and must not apply it twice. */
  lastId: string | null;
};

const MAX_NOTES = 100;
const MAX_LENGTH = 200;

export const noNotes: NotesState = { notes: [], lastId: null };

/** The metadata of a session that may be new. */
export function readNotes(metadata: unknown): NotesState {
  const { notes, lastId } = (metadata ?? {}) as Partial<NotesState>;
  return Array.isArray(notes) ? { notes, lastId: lastId ?? null } : noNotes;
}

/** Applies a message: `clear`, `remove 2`, `read`, or a note per line. Returns the new state and the reply. */
export function takeNote(state: NotesState, { id, text }: Note): { state: NotesState; reply: string } {
  const { notes } = state;
  const said = text.trim();
  // Changes nothing, so that it may come as often as it likes.
  if (/^read$/i.test(said))
    return { state, reply: notes.length === 0 ? "There is nothing to read." : notes.map(lineOf).join("\n") };
  if (state.lastId === id) return { state, reply: count(notes) };
  const next = (kept: Note[], reply: string) => ({ state: { notes: kept, lastId: id }, reply });
  if (/^clear$/i.test(said)) return next([], "The list is empty now.");
  const removed = /^remove (\d{1,3})$/i.exec(said)?.[1];
  if (removed !== undefined) {
    const note = notes[Number(removed) - 1];
    if (!note) return next(notes, `There is no note ${removed}. ${count(notes)}`);
    return next(
      notes.filter((each) => each !== note),
      `Removed: ${note.text}`,
    );
  }
  const lines = said.split("\n").flatMap((line) => line.trim().slice(0, MAX_LENGTH) || []);
  if (lines.length === 0)
    return next(notes, "That was empty. Write a note, or `read`, `remove 2` or `clear`.");
  const room = MAX_NOTES - notes.length;
  const added = lines.slice(0, room).map((line, index) => ({ id: `${id}-${index}`, text: line }));
  const kept = [...notes, ...added];
  return next(
    kept,
    added.length < lines.length
      ? `The list is full: ${lines.length - added.length} of ${lines.length} lines were left out. Remove a note first.`
      : count(kept),
  );
}

function lineOf({ text }: Note, index: number): string {
  return `${index + 1}. ${text}`;
}

function count({ length }: Note[]): string {
  return length === 1 ? "1 note is on the list." : `${length} notes are on the list.`;
}
