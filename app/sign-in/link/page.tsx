import type { Metadata } from "next";
import { FollowLink } from "./follow-link";

export const metadata: Metadata = { title: "Sign in", robots: { index: false }, referrer: "no-referrer" };

/** Where the link of a message leads. It signs in at a press, because mail programs open links to look at them. */
export default async function SignInLinkPage({ searchParams }: PageProps<"/sign-in/link">) {
  const { token } = await searchParams;
  return <FollowLink token={typeof token === "string" ? token : ""} />;
}
