/** `prompts.define().resolve()`. Inside a task it always calls the server; this one answers from the task files. */
import { z } from "zod";
import { HttpError } from "../http/errors";
import { Text } from "../http/input";
import { json, type Reply } from "../http/reply";
import { type EngineRequest, type Route, route } from "../http/route";
import type { WorkerHost } from "../worker/worker-host";

const Resolve = {
  params: z.object({ slug: Text }),
  body: z.looseObject({
    variables: z.record(z.string(), z.unknown()).optional(),
    label: z.string().optional(),
    version: z.number().optional(),
  }),
};

/** The version and label that the SDK gives to a prompt from the code. */
const VERSION = 0;
const LABEL = "local";

export function promptRoutes({ host }: { host: WorkerHost }): Route[] {
  return [route("POST /api/v1/prompts/:slug", Resolve, resolve)];

  function resolve({ params: { slug }, body }: EngineRequest<typeof Resolve>): Reply {
    const { variables = {}, version = VERSION } = body;
    const prompt = host.prompts().get(slug);
    if (!prompt) throw new HttpError(404, `No task file defines the prompt ${JSON.stringify(slug)}`);
    if (version !== VERSION) {
      const message = `Prompt ${JSON.stringify(slug)} has no version ${version} here, only the one in the code`;
      throw new HttpError(404, message);
    }
    const { content, model, config } = prompt;
    const text = fillTemplate(content, variables);
    const data = { promptId: slug, slug, version, labels: [LABEL], template: content, text, model, config };
    return json(200, { data });
  }
}

/**
 * Fills `{{name}}`, and `{{#name}}…{{/name}}` for text that appears only when `name` has a value, as the SDK does.
 */
function fillTemplate(template: string, variables: Record<string, unknown>): string {
  const text = (value: unknown) =>
    typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
  return template
    .replace(/\{\{#(\w+)\}\}([\s\S]*?)\{\{\/\1\}\}/g, (_match, name: string, inner: string) =>
      variables[name] ? inner : "",
    )
    .replace(/\{\{\s*(\w+)\s*\}\}/g, (_match, name: string) => text(variables[name]));
}
