/** The OpenAPI 3.1 document, made of the schemas that the routes validate by. */
import { z } from "zod";
import { apiScopes } from "@/lib/api-keys/scopes";
import { operations, type Operation } from "./operations";
import { API_PATH } from "./path";
import { bodies, responses } from "./schemas";

type Json = Record<string, unknown>;

/** `origin`: where the API is served. */
export function openApiDocument(origin: string): Json {
  const paths: Record<string, Json> = {};
  for (const [operationId, operation] of Object.entries(operations))
    (paths[operation.path] ??= {})[operation.method.toLowerCase()] = describe(operationId, operation);
  return {
    openapi: "3.1.0",
    info: {
      title: "Holdfast",
      version: "1",
      description: "The same chats as the page, for programs. See /docs/server-chat.",
    },
    servers: [{ url: `${origin}${API_PATH}` }],
    security: [{ apiKey: [] }],
    paths,
    components: {
      securitySchemes: {
        apiKey: {
          type: "http",
          scheme: "bearer",
          description: `An API key, created under Settings. Its scopes: ${Object.entries(apiScopes)
            .map(([scope, what]) => `\`${scope}\` (${what})`)
            .join(", ")}.`,
        },
      },
      schemas: { ...components(bodies, "input"), ...components(responses, "output") },
    },
  };
}

function describe(operationId: string, operation: Operation): Json {
  const { summary, scope, path, query, body, returns, streams } = operation;
  return {
    operationId,
    summary,
    description: `Needs the scope \`${scope}\`.`,
    parameters: [...pathParameters(path), ...queryParameters(query), ...(streams ? streamHeaders(path) : [])],
    ...(body && {
      requestBody: {
        required: operationId !== "createChat",
        content: { "application/json": { schema: reference(body) } },
      },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(returns).map(([status, name]) => [
          status,
          {
            description: descriptions[Number(status)],
            content: {
              "application/json": { schema: reference(name) },
              ...(streams && status === "200" && streamed),
            },
          },
        ]),
      ),
      default: {
        description: "Why it failed, and which field is wrong",
        content: { "application/json": { schema: reference("Error") } },
      },
    },
  };
}

const descriptions: Record<number, string> = { 200: "Done", 201: "Created", 202: "Accepted" };

const streamed = {
  "text/event-stream": {
    schema: {
      type: "string",
      description:
        "The AI SDK's UI message chunks. The id of an event is a cursor. A `start` chunk begins the answer again: drop what you have of it.",
    },
  },
  "text/plain": { schema: { type: "string", description: "The words of the answer as they are written" } },
};

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function queryParameters(query: z.ZodObject | undefined): Json[] {
  if (!query) return [];
  const { properties = {}, required = [] } = toJsonSchema(query, "input") as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: "query",
    required: required.includes(name),
    ...(description !== undefined && { description }),
    schema,
  }));
}

function streamHeaders(path: string): Json[] {
  if (!path.endsWith("/stream")) return [];
  return [{ name: "Last-Event-ID", in: "header", required: false, schema: { type: "string" } }];
}

function components(schemas: Record<string, z.ZodType>, io: "input" | "output"): Json {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, toJsonSchema(schema, io)]),
  );
}

function toJsonSchema(schema: z.ZodType, io: "input" | "output"): Json {
  // The document names its dialect itself.
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Json;
  return rest;
}

function reference(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}
