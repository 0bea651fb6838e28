/** What a browser may do on a page of ours. Made anew for every request, because a nonce is used once. */
import { browserApiUrl } from "@/lib/trigger-api";

/** Where browsers report what the policy has refused. */
export const CSP_REPORT_PATH = "/csp-report";

/**
 * No script runs but Next's own and what those load; `'strict-dynamic'` leaves no way to a file on this origin that a
 * person has uploaded. Style attributes stay allowed, because the server writes some, and they can do no more than look.
 */
export function contentSecurityPolicy(nonce: string): string {
  const isDevelopment = process.env.NODE_ENV === "development";
  const api = browserApiUrl();
  return [
    "default-src 'self'",
    // Development needs eval for fast refresh, and writes its styles into the page.
    `script-src 'nonce-${nonce}' 'strict-dynamic'${isDevelopment ? " 'unsafe-eval'" : ""}`,
    `style-src 'self' ${isDevelopment ? "'unsafe-inline'" : `'nonce-${nonce}'`}`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src 'self'${URL.canParse(api) ? ` ${new URL(api).origin}` : ""}${isDevelopment ? " ws:" : ""}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    `report-uri ${CSP_REPORT_PATH}`,
  ].join("; ");
}

/** The headers of every answer beside the policy. `isHttps`: whether the browser came by https. */
export function securityHeaders(isHttps: boolean): [name: string, value: string][] {
  return [
    ["Cross-Origin-Opener-Policy", "same-origin"],
    [
      "Permissions-Policy",
      "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    ],
    // This host alone: what else is served under the domain is not ours to promise.
    ...(isHttps ? [["Strict-Transport-Security", "max-age=31536000"] as [string, string]] : []),
  ];
}
