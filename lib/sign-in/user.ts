import "server-only";
/** The person who makes a request. */
import { auth } from "./library";

export type SignedInUser = {
  id: string;
  name: string;
  isGuest: boolean;
  email: string | null;
  /** The person has confirmed the address. Before that, only sign-in links are mailed to it. */
  isVerified: boolean;
};

/** The person signed in to the session of these headers, or null. */
export async function userFrom(requestHeaders: Headers): Promise<SignedInUser | null> {
  const session = await auth.api.getSession({ headers: requestHeaders });
  if (!session) return null;
  const { id, name, email, emailVerified, isAnonymous } = session.user;
  const isGuest = isAnonymous === true;
  return { id, name, isGuest, email: isGuest ? null : email, isVerified: !isGuest && emailVerified };
}
