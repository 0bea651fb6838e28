import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import SwaggerParser from "@apidevtools/swagger-parser";
import { describe, expect, it } from "vitest";
import { scopeNames } from "@/lib/api-keys/scopes";
import { openApiDocument } from "./openapi";
import { operations } from "./operations";
import { bodies } from "./schemas";

const folder = path.resolve(import.meta.dirname, "../../app/api/agent");

/** `GET /chats/{id}` for each method that a route file exports. */
function routesOnDisk(): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => path.basename(file) === "route.ts" && !/^(openapi\.json|\[\.\.\.)/.test(file))
    .flatMap((file) => {
      const code = readFileSync(path.join(folder, file), "utf8");
      const address = path
        .dirname(file)
        .split(path.sep)
        .join("/")
        .replace(/\[(\w+)\]/g, "{$1}");
      return [...code.matchAll(/^export (?:const|function|async function) ([A-Z]+)\b/gm)].map(
        ([, method]) => `${method} /${address}`,
      );
    });
}

describe("the OpenAPI document", () => {
  it("is a valid OpenAPI 3.1 document, to a parser of others", async () => {
    const document = openApiDocument("https://chat.example");
    const parsed = await SwaggerParser.validate(structuredClone(document) as never);
    expect(parsed).toMatchObject({ openapi: "3.1.0", servers: [{ url: "https://chat.example/api/agent" }] });
  });

  it("lists exactly the routes that exist, each with its own id and a scope", () => {
    const { paths } = openApiDocument("https://chat.example") as {
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    const listed = Object.entries(paths).flatMap(([address, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${address}`),
    );
    expect(listed.toSorted()).toEqual(routesOnDisk().toSorted());
    const ids = Object.values(paths).flatMap((methods) =>
      Object.values(methods).map((each) => each.operationId),
    );
    expect(ids.toSorted()).toEqual(Object.keys(operations).toSorted());
    expect(Object.values(operations).map(({ scope }) => scope)).toEqual(
      expect.arrayContaining([...scopeNames]),
    );
  });

  it("refuses in its schemas what the routes refuse", () => {
    const { components } = openApiDocument("https://chat.example") as {
      components: { schemas: Record<string, { additionalProperties?: boolean; oneOf?: unknown[] }> };
    };
    for (const name of Object.keys(bodies))
      expect(
        components.schemas[name]?.oneOf ?? components.schemas[name]?.additionalProperties,
        name,
      ).not.toBe(undefined);
  });
});
