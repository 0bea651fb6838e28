import { HttpError } from "./errors";
import type { Route } from "./route";

type Match = { route: Route; params: Record<string, string> };

/** The router splits the raw path first and decodes each segment afterwards: a chat id may contain `/`, `?` and `#`. */
export function createRouter(routes: Route[]): (method: string, rawPath: string) => Match | undefined {
  const compiled = routes.map((route) => ({ route, parts: route.pattern.split("/").slice(1) }));
  return (method, rawPath) => {
    const segments = rawPath.split("/").slice(1).map(decodeSegment);
    for (const { route, parts } of compiled) {
      if (route.method !== method) continue;
      const params = matchSegments(parts, segments);
      if (params) return { route, params };
    }
    return undefined;
  };
}

function matchSegments(parts: string[], segments: string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    if (part.startsWith("*")) {
      params[part.slice(1)] = segments.slice(index).join("/");
      return segments.length > index ? params : undefined;
    }
    const segment = segments[index];
    if (segment === undefined) return undefined;
    if (part.startsWith(":")) params[part.slice(1)] = segment;
    else if (part !== segment) return undefined;
  }
  return parts.length === segments.length ? params : undefined;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HttpError(
      400,
      `The path segment ${JSON.stringify(segment.slice(0, 80))} is not valid percent-encoding`,
    );
  }
}
