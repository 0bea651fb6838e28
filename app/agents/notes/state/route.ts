import { answerRead } from "@/app/(chat)/_chat/reads/answer-read";
import { getUser } from "@/lib/auth";
import { notesOf } from "../session";

/** The list, for a page whose stream was cut or that is open twice. */
export function GET(): Promise<Response> {
  return answerRead(async () => {
    const user = await getUser();
    return { notes: user ? await notesOf(user.id) : [] };
  });
}
