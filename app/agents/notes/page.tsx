import type { Metadata } from "next";
import { ReadClientProvider } from "@/app/(chat)/_chat/reads/read-client";
import { getUser } from "@/lib/auth";
import { browserApiUrl } from "@/lib/trigger-api";
import { Notes } from "./notes";
import { notesOf } from "./session";

export const metadata: Metadata = { title: "Notes" };

/** The page of the custom agent in trigger/notes.ts. */
export default async function NotesPage() {
  const user = await getUser();
  const initial = user ? await notesOf(user.id).catch(() => []) : [];
  return (
    <ReadClientProvider>
      <Notes initial={initial} baseURL={browserApiUrl()} />
    </ReadClientProvider>
  );
}
