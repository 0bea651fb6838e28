import type { Metadata } from "next";
import { cookies } from "next/headers";
import { getUser } from "@/lib/auth";
import { db } from "@/lib/db/client";
import { addressOfLink, BROWSER_COOKIE, isOwnBrowser } from "@/lib/sign-in/link";
import { FollowLink } from "./follow-link";

export const metadata: Metadata = { title: "Sign in", robots: { index: false }, referrer: "no-referrer" };

/** The page of a mailed link. It signs in only after a press, because mail programs open links to scan them. */
export default async function SignInLinkPage({ searchParams }: PageProps<"/sign-in/link">) {
  const query = await searchParams;
  const [token, browser] = [query.token, query.browser].map((value) =>
    typeof value === "string" ? value.slice(0, 200) : "",
  ) as [string, string];
  const [user, address, jar] = await Promise.all([getUser(), addressOfLink(db, token), cookies()]);
  const chats = user?.isGuest ? await db.chat.count({ where: { userId: user.id, deletedAt: null } }) : 0;
  return (
    <FollowLink
      link={{ token, browser }}
      address={address}
      isOwnBrowser={isOwnBrowser(browser, jar.get(BROWSER_COOKIE)?.value)}
      guestChats={chats}
      signedInAs={user?.email ?? null}
    />
  );
}
