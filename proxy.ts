/** What happens to a request before a page or an action sees it. (Next calls this file the proxy.) */
import { randomBytes } from "node:crypto";
import { NextResponse, type NextRequest } from "next/server";
import { receiveVisitor } from "@/lib/auth";
import { refuseTooMany } from "@/lib/engine-limits";
import { INERT_HEADERS, isForBrowsers } from "@/lib/engine-paths";
import { env } from "@/lib/env";
import { LimitError } from "@/lib/http/rate-limit";
import { isSameOrigin, ownOrigin } from "@/lib/http/same-origin";
import { isApiPath } from "@/lib/server-chat/path";
import { contentSecurityPolicy, CSP_REPORT_PATH, securityHeaders } from "@/lib/http/security-headers";

// Attachments look after themselves: Next would hold a whole upload in memory to pass it through here. Events come from
// other services, which sign them.
export const config = { matcher: ["/((?!_next/|attachments|api/hooks/|icon.svg|favicon.ico).*)"] };

export async function proxy(request: NextRequest): Promise<NextResponse> {
  if (request.nextUrl.pathname.startsWith("/engine/")) return toEngine(request);
  // Browsers send reports without saying from which page, and a report changes nothing.
  if (request.nextUrl.pathname === CSP_REPORT_PATH) return NextResponse.next();
  if (isApiPath(request.nextUrl.pathname)) return toApi(request);
  const nonce = randomBytes(16).toString("base64");
  const policy = contentSecurityPolicy(nonce);
  const headers = new Headers(request.headers);
  headers.set("x-nonce", nonce);
  // From this one Next takes the nonce for its own scripts.
  headers.set("content-security-policy", policy);
  const response = await toPage(request, headers);
  response.headers.set("content-security-policy", policy);
  const isHttps = (ownOrigin() ?? `${headers.get("x-forwarded-proto")}:`).startsWith("https:");
  for (const [name, value] of securityHeaders(isHttps)) response.headers.set(name, value);
  return response;
}

/** Programs come with a key and from anywhere. Without cookies no other site can act there for a person. */
function toApi(request: NextRequest): NextResponse {
  const headers = new Headers(request.headers);
  headers.delete("cookie");
  return NextResponse.next({ request: { headers }, headers: INERT_HEADERS });
}

/** `headers` are what the page will see of the request. */
async function toPage(request: NextRequest, headers: Headers): Promise<NextResponse> {
  if (!["GET", "HEAD", "OPTIONS"].includes(request.method)) return toOwnPages(request, headers);
  const next = () => NextResponse.next({ request: { headers } });
  if (request.method !== "GET" || !request.headers.get("accept")?.includes("text/html")) return next();
  // A link to one request is its own proof; whoever follows it, or looks at it for a mail program, gets no cookie.
  if (request.nextUrl.pathname.startsWith("/answer/")) return next();
  const response = next();
  try {
    for (const cookie of await receiveVisitor(request.headers)) response.headers.append("set-cookie", cookie);
    return response;
  } catch (error) {
    if (!(error instanceof LimitError)) throw error;
    return new NextResponse(`${error.message}\n`, {
      status: 429,
      headers: {
        "content-type": "text/plain; charset=utf-8",
        "retry-after": String(error.retryAfterSeconds),
      },
    });
  }
}

/**
 * Same origin: phones on the LAN, tunnels and one-port hosts reach the engine through the app. A rewrite in
 * `next.config.ts` would be fixed at build time; the engine's port is only known when it has started.
 */
async function toEngine(request: NextRequest): Promise<NextResponse> {
  const engine = env.ENGINE_URL;
  const path = request.nextUrl.pathname.slice("/engine".length);
  if (!engine) return inert(404, "No embedded engine runs here.");
  if (!isForBrowsers(request.method, path)) return inert(404, "The engine has nothing for browsers there.");
  const tooMany = await refuseTooMany(request);
  if (tooMany)
    return new NextResponse(tooMany.body, {
      status: tooMany.status,
      headers: { ...Object.fromEntries(tooMany.headers), ...INERT_HEADERS },
    });
  const target = new URL(engine);
  target.pathname = path;
  target.search = request.nextUrl.search;
  const headers = new Headers(request.headers);
  headers.delete("cookie");
  return NextResponse.rewrite(target, { request: { headers }, headers: INERT_HEADERS });
}

function inert(status: number, error: string): NextResponse {
  return NextResponse.json({ error }, { status, headers: INERT_HEADERS });
}

/** What changes something is for this site's own pages: actions, as script or as a form sends them, and routes alike. */
function toOwnPages(request: NextRequest, headers: Headers): NextResponse {
  if (!isSameOrigin(request)) {
    const error = `This is for the pages of ${ownOrigin() ?? "this address"} only. Open it there and try again.`;
    return NextResponse.json({ error }, { status: 403 });
  }
  // Next compares once more, with the host that the proxy before us may have replaced.
  headers.set("x-forwarded-host", new URL(request.headers.get("origin") ?? "").host);
  return NextResponse.next({ request: { headers } });
}
