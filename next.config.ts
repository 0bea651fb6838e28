import createMDX from "@next/mdx";
import type { NextConfig } from "next";

const config = {
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
      // An attachment comes with stricter headers of its own. What changes with every request is in proxy.ts.
      source: "/((?!engine/|attachments/).*)",
      headers: [
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
  // `/docs/settings.md` is the source of the page `/docs/settings`.
  rewrites: async () => [{ source: "/docs/:slug(.+)\\.md", destination: "/docs/markdown/:slug" }],
  // A page of the documentation takes its title from its source, which a host that traces files would leave behind.
  outputFileTracingIncludes: { "/docs": ["app/docs/content/**/*"], "/docs/**": ["app/docs/content/**/*"] },
} satisfies NextConfig;

export default createMDX({ options: { remarkPlugins: ["remark-gfm"] } })(config);
