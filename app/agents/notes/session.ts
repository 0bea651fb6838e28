import "server-only";
import { sessions } from "@trigger.dev/sdk";
import { type Note, readNotes } from "@/lib/agent/notes";

/** A person has one list. */
export function notesSessionOf(userId: string): string {
  return `notes-${userId}`;
}

/** The person's list; empty before the first note. */
export async function notesOf(userId: string): Promise<Note[]> {
  try {
    return readNotes((await sessions.retrieve(notesSessionOf(userId))).metadata).notes;
  } catch (error) {
    if ((error as { status?: number }).status === 404) return [];
    throw error;
  }
}
