import { RateLimiterMemory } from "rate-limiter-flexible";
import { z } from "zod";
import { clientAddress } from "@/lib/http/client-address";
import { readAtMost } from "@/lib/http/read-at-most";

/** A report has a few kilobytes. Anyone may post here, so log entries are short and rate-limited. */
const MAX_BYTES = 16 * 1024;
const perAddress = new RateLimiterMemory({ points: 10, duration: 60 });
const inAll = new RateLimiterMemory({ points: 60, duration: 60 });

const report = z.object({
  "csp-report": z.object({
    "effective-directive": z.string(),
    "blocked-uri": z.string(),
    "document-uri": z.string(),
  }),
});

/** Logs violations of a page's content security policy. */
export async function POST(request: Request): Promise<Response> {
  const isQuiet = await Promise.all([perAddress.consume(clientAddress(request)), inAll.consume("all")]).then(
    () => false,
    () => true,
  );
  if (isQuiet) return new Response(null, { status: 429, headers: { "retry-after": "60" } });
  const bytes = await readAtMost(request, MAX_BYTES);
  if (!bytes) return new Response(null, { status: 413 });
  const parsed = report.safeParse(jsonOf(bytes));
  if (!parsed.success) return new Response(null, { status: 400 });
  console.warn(sentenceOf(parsed.data["csp-report"]));
  return new Response(null, { status: 204 });
}

/** An address may contain a secret (`/answer/…`), so only its first segment is logged. */
function sentenceOf(refused: z.infer<typeof report>["csp-report"]): string {
  const { "effective-directive": directive, "blocked-uri": blocked, "document-uri": page } = refused;
  const [, folder = ""] = URL.canParse(page) ? new URL(page).pathname.split("/") : [];
  const origin = URL.canParse(blocked) && /^https?:/.test(blocked) ? new URL(blocked).origin : blocked;
  return `The content security policy refused ${loggable(origin)} (${loggable(directive)}) on /${loggable(folder)}.`;
}

function loggable(text: string): string {
  return text.replaceAll(/[^\x21-\x7e]/g, " ").slice(0, 100);
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
