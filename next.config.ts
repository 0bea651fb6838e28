import type { NextConfig } from "next";

const isDevelopment = process.env.NODE_ENV !== "production";

/** Where the browser may talk to: this origin, or the Trigger API directly when no embedded engine runs. */
const engineOrigins = [process.env.NEXT_PUBLIC_TRIGGER_API_URL ?? "https://api.trigger.dev"];

const contentSecurityPolicy = [
  "default-src 'self'",
  // Next's inline bootstrap and the theme script; development needs eval for fast refresh.
  `script-src 'self' 'unsafe-inline'${isDevelopment ? " 'unsafe-eval'" : ""}`,
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  `connect-src 'self' ${engineOrigins.join(" ")}${isDevelopment ? " ws:" : ""}`,
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

export default {
  // The transcript and the stream are compressed by nobody: a buffered chunk is a late chunk.
  compress: false,
  poweredByHeader: false,
  // The other corner is where the person stands.
  devIndicators: { position: "bottom-right" },
  // `npm run check` looks at every type, the tests' too; a deployment need not fail for those.
  typescript: { ignoreBuildErrors: true },
  logging: { incomingRequests: { ignore: [/^\/answer\//] } },
  // A phone on the LAN may open the development server, too.
  allowedDevOrigins: ["127.0.0.1", "*.local", "192.168.*.*", "10.*.*.*", "172.*.*.*"],
  serverExternalPackages: ["pg", "@prisma/client", "@prisma/adapter-pg"],
  headers: async () => [
    {
      // An attachment comes with stricter headers of its own.
      source: "/((?!engine/|attachments/).*)",
      headers: [
        { key: "Content-Security-Policy", value: contentSecurityPolicy },
        { key: "X-Content-Type-Options", value: "nosniff" },
        { key: "Referrer-Policy", value: "same-origin" },
      ],
    },
    {
      // The address is the key.
      source: "/answer/:token",
      headers: [
        { key: "Referrer-Policy", value: "no-referrer" },
        { key: "X-Robots-Tag", value: "noindex, nofollow" },
      ],
    },
  ],
} satisfies NextConfig;
