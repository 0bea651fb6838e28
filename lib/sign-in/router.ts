import "server-only";
/** Calls the sign-in library as if over HTTP, because only its router counts attempts. */
import { parseSetCookieHeader } from "better-auth/cookies";
import type { AuthCookie } from "./cookies";
import { auth, BASE_PATH, BASE_URL } from "./library";

export type AuthOutcome = { cookies: AuthCookie[] } & ({ ok: true } | { ok: false; problem: string });

/** Calls an endpoint of the library; with a body it is a POST. */
export async function callRouter(path: string, requestHeaders: Headers, body?: object): Promise<AuthOutcome> {
  // proxy.ts has checked the origin of the request.
  const headers = new Headers({ origin: new URL(BASE_URL).origin, accept: "application/json" });
  for (const name of ["cookie", "x-forwarded-for", "user-agent"]) {
    const value = requestHeaders.get(name);
    if (value) headers.set(name, value);
  }
  if (body) headers.set("content-type", "application/json");
  const response = await auth.handler(
    new Request(new URL(`${BASE_PATH}${path}`, BASE_URL), {
      method: body ? "POST" : "GET",
      headers,
      ...(body && { body: JSON.stringify(body) }),
    }),
  );
  const cookies = cookiesOf(response);
  return response.ok ? { ok: true, cookies } : { ok: false, cookies, problem: await problemOf(response) };
}

function cookiesOf(response: Response): AuthCookie[] {
  return response.headers.getSetCookie().flatMap((line) =>
    [...parseSetCookieHeader(line)].map(([name, { value, ...attributes }]) => ({
      name,
      value,
      options: {
        path: attributes.path ?? "/",
        httpOnly: attributes.httponly ?? true,
        secure: attributes.secure ?? false,
        sameSite: attributes.samesite ?? "lax",
        ...(attributes["max-age"] !== undefined && { maxAge: attributes["max-age"] }),
      },
    })),
  );
}

const problems: Record<string, string> = {
  INVALID_EMAIL: "Enter a valid email address.",
  INVALID_EMAIL_OR_PASSWORD: "Wrong email or password.",
  PASSWORD_TOO_SHORT: "This password is too short. Use at least 8 characters.",
  PASSWORD_TOO_LONG: "This password is too long. Use at most 128 characters.",
  USER_ALREADY_EXISTS: "An account with this email already exists. Sign in instead.",
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: "An account with this email already exists. Sign in instead.",
  INVALID_TOKEN: "This link was already used or has expired. Request a new one.",
};

async function problemOf(response: Response): Promise<string> {
  if (response.status === 429) {
    const seconds = Number(response.headers.get("x-retry-after")) || 60;
    return `Too many attempts. Try again in ${seconds} seconds.`;
  }
  // The library redirects when a link isn't valid.
  const location = response.headers.get("location");
  const code = location
    ? new URL(location, "http://localhost").searchParams.get("error")
    : ((await response.json().catch(() => null)) as { code?: string } | null)?.code;
  return problems[code ?? ""] ?? "Something went wrong. Your chats are safe. Try again in a moment.";
}
