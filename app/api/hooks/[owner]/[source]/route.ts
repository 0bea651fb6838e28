import { after } from "next/server";
import type { z } from "zod";
import { acceptEvent, eventId, incomingEvent, MAX_EVENT_BYTES, sourceName } from "@/lib/events/accept-event";
import { deliverEvents } from "@/lib/events/deliver-events";
import { hookSecret, signatureProblem } from "@/lib/events/signature";
import { db } from "@/lib/db/client";
import { readAtMost } from "@/lib/http/read-at-most";
import { countUse, LimitError, limitResponse } from "@/lib/http/rate-limit";

export const dynamic = "force-dynamic";

/**
 * An event from another service, signed with the owner's secret (Standard Webhooks). Each accepted event is one turn of
 * the chat "Events from <source>". 202: it is recorded, and the agent will be told. 200: it was recorded before.
 */
export async function POST(
  request: Request,
  { params }: RouteContext<"/api/hooks/[owner]/[source]">,
): Promise<Response> {
  const { owner, source } = await params;
  const name = sourceName.safeParse(source);
  if (!name.success) return refusal(400, `\`source\`, the end of the address, ${wordsOf(name.error)}.`);
  const headers = {
    id: request.headers.get("webhook-id") ?? "",
    timestamp: request.headers.get("webhook-timestamp") ?? "",
    signature: request.headers.get("webhook-signature") ?? "",
  };
  for (const [part, value] of Object.entries(headers))
    if (value === "") return refusal(401, `The header \`webhook-${part}\` is missing.`);
  const body = await readAtMost(request, MAX_EVENT_BYTES);
  if (!body)
    return refusal(413, `The body is larger than ${MAX_EVENT_BYTES / 1024} KB. Send a link to the rest.`);
  // Before the database is asked, so that a stranger learns nothing and costs nothing.
  const problem = signatureProblem(hookSecret(owner), headers, body);
  if (problem !== undefined) return refusal(401, problem);
  const id = eventId.safeParse(headers.id);
  if (!id.success) return refusal(400, `\`webhook-id\` ${wordsOf(id.error)}.`);
  const event = incomingEvent.safeParse(jsonOf(body));
  if (!event.success) return wrongFields(event.error);
  if ((await db.user.count({ where: { id: owner } })) === 0)
    return refusal(410, "This address belongs to nobody anymore. Copy the new one from Settings.");
  try {
    await countUse("messages", { userId: owner });
  } catch (error) {
    if (error instanceof LimitError) return limitResponse(error);
    throw error;
  }
  const place = { userId: owner, source: name.data };
  const acceptance = await acceptEvent(db, place, id.data, event.data);
  switch (acceptance) {
    case "conflict":
      return refusal(409, "`webhook-id` belongs to another event. Give each event an id of its own.");
    case "too-many-sources":
      return refusal(409, "You have 50 sources already, which is the limit. Use one of them as `source`.");
    case "known":
    case "accepted":
      // A sender that repeats an event may know of a server that died before it told the agent.
      after(() => deliverEvents(db, place).catch(report));
      return Response.json(
        { ok: true, id: id.data, isRepeated: acceptance === "known" },
        { status: acceptance === "known" ? 200 : 202, headers: NO_STORE },
      );
  }
}

const NO_STORE = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

function refusal(status: number, error: string, more: object = {}): Response {
  return Response.json({ ok: false, error, ...more }, { status, headers: NO_STORE });
}

function wrongFields({ issues }: z.ZodError): Response {
  const fields = issues.map(({ path, message, code, ...issue }) => ({
    field: [...path, ...("keys" in issue ? [(issue.keys as string[])[0]] : [])].join(".") || "body",
    problem:
      code === "unrecognized_keys"
        ? "isn't known here; put it into `data`"
        : path.length === 0
          ? "must be a JSON object with `type`, `timestamp` and `data`"
          : message,
  }));
  const [first] = fields;
  return refusal(400, `\`${first?.field}\`: ${first?.problem}.`, { fields });
}

function wordsOf({ issues }: z.ZodError): string {
  return issues[0]?.message ?? "is not valid";
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function report(error: unknown): void {
  console.warn("An event was recorded, and is delivered later:", (error as Error).message);
}
