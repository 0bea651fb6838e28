/** The cookies of a signed-in browser. */
import { env } from "@/lib/env";

/** A cookie as `cookies().set` takes it. */
export type AuthCookie = { name: string; value: string; options: Record<string, unknown> };

/** Browsers drop a secure cookie that comes over plain http, as on your machine or your LAN. */
export function isServedOverHttps(): boolean {
  return Boolean(env.VERCEL) || (env.BETTER_AUTH_URL?.startsWith("https:") ?? false);
}

export function cookieOptions(maxAge: number) {
  return { path: "/", httpOnly: true, sameSite: "lax", secure: isServedOverHttps(), maxAge };
}

export function cookieOf(requestHeaders: Headers, name: string): string | undefined {
  const pairs = (requestHeaders.get("cookie") ?? "").split(/; */).map((pair) => pair.split("="));
  const value = pairs
    .find(([key]) => key === name)
    ?.slice(1)
    .join("=");
  return value && decodeURIComponent(value);
}
