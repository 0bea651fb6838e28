import { LimitError, limitResponse } from "@/lib/http/rate-limit";
import { requireSomebody } from "@/app/(chat)/_chat/actions/owner";

/**
 * Creates the guest when a visitor begins to type, so that sending needn't wait for it. Not a server action: those run
 * one after the other, and one that sets a cookie renders the page again.
 */
export async function POST(): Promise<Response> {
  try {
    const { id } = await requireSomebody();
    return Response.json({ userId: id }, { headers: { "cache-control": "no-store" } });
  } catch (error) {
    if (error instanceof LimitError) return limitResponse(error);
    throw error;
  }
}
