import { answerRead } from "@/app/(chat)/_chat/reads/answer-read";
import { getUser } from "@/lib/auth";

/** Who asks, so that an open page notices when it is somebody else than it was loaded for. */
export function GET(): Promise<Response> {
  return answerRead(async () => {
    const user = await getUser();
    return { userId: user?.id ?? null, email: user?.email ?? null };
  });
}
