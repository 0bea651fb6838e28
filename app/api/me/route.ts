import { answerRead } from "@/app/(chat)/_chat/reads/answer-read";
import { getUser } from "@/lib/auth";

/** The current user, so that an open page notices when its person is no longer signed in. */
export function GET(): Promise<Response> {
  return answerRead(async () => {
    const user = await getUser();
    return { userId: user?.id ?? null, email: user?.email ?? null };
  });
}
