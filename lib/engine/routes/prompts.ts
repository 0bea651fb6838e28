/** `prompts.define().resolve()`: inside a task it always asks the server, which here knows what the code says. */
import { z } from "zod";
import { type EngineRequest, HttpError, json, type Reply, type Route, route } from "../http/route";
import type { WorkerHost } from "../worker/worker-host";

const ResolveBody = z.looseObject({
  variables: z.record(z.string(), z.unknown()).optional(),
  label: z.string().optional(),
  version: z.number().optional(),
});

/** What the SDK calls the version and label of a prompt that comes from the code. */
const VERSION = 0;
const LABEL = "local";

export function promptRoutes({ host }: { host: WorkerHost }): Route[] {
  return [route("POST /api/v1/prompts/:slug", resolve)];

  async function resolve(request: EngineRequest): Promise<Reply> {
    const slug = request.params["slug"]!;
    const { variables = {}, version = VERSION } = await request.json(ResolveBody);
    const prompt = host.prompts().get(slug);
    if (!prompt) throw new HttpError(404, `No task file defines the prompt ${JSON.stringify(slug)}`);
    if (version !== VERSION) {
      const message = `Prompt ${JSON.stringify(slug)} has no version ${version} here: only the one in the code`;
      throw new HttpError(404, message);
    }
    const { content, model, config } = prompt;
    const text = fill(content, variables);
    const data = { promptId: slug, slug, version, labels: [LABEL], template: content, text, model, config };
    return json(200, { data });
  }
}

/** `{{name}}`, and `{{#name}}…{{/name}}` for what appears only when `name` has a value; as the SDK fills them. */
function fill(template: string, variables: Record<string, unknown>): string {
  const text = (value: unknown) =>
    typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
  return template
    .replace(/\{\{#(\w+)\}\}([\s\S]*?)\{\{\/\1\}\}/g, (_match, name: string, inner: string) =>
      variables[name] ? inner : "",
    )
    .replace(/\{\{\s*(\w+)\s*\}\}/g, (_match, name: string) => text(variables[name]));
}
