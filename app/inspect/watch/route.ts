import type { NextRequest } from "next/server";
import { env } from "@/lib/env";
import { joinWatchers } from "../watchers";
import { callEngine, mayInspect } from "../access";

/** Forwards the engine's watch of one session, line by line. */
export async function GET(request: NextRequest): Promise<Response> {
  const { searchParams } = request.nextUrl;
  const key = searchParams.get("session") ?? "";
  if (!env.ENGINE_URL || !(await mayInspect(key)))
    return Response.json({ error: "Session not found." }, { status: 404 });
  const leave = joinWatchers(key);
  if (!leave)
    return Response.json(
      { error: "Too many pages are watching this session. Close one and try again." },
      { status: 429, headers: { "retry-after": "5" } },
    );
  const cursors = new URLSearchParams();
  for (const io of ["in", "out"]) {
    const cursor = searchParams.get(io);
    if (cursor) cursors.set(io, cursor);
  }
  const path = `/inspect/sessions/${encodeURIComponent(key)}/watch?${cursors}`;
  const watch = await callEngine(path, { signal: request.signal }).catch(() => null);
  if (!watch?.ok || !watch.body) {
    leave();
    const status = watch?.status === 404 ? 404 : 503;
    return Response.json({ error: "The engine didn't return this session." }, { status });
  }
  const headers = {
    "content-type": "application/x-ndjson",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
  };
  request.signal.addEventListener("abort", leave, { once: true });
  // Runs when the engine ends the stream, too.
  return new Response(watch.body.pipeThrough(new TransformStream({ flush: leave })), { headers });
}
