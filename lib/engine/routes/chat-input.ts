/**
 * What a chat agent can read from its `.in`. The SDK trusts the shape of a message: one without parts throws inside the
 * run's boot, in every run that follows as well. So the sender is told, and the record never comes to be.
 */
import { HttpError } from "../http/route";

export function requireChatInput(text: string): void {
  const record = parse(text);
  if (typeof record["kind"] !== "string") throw invalid('The body must be an object with a "kind"');
  if (record["kind"] !== "message") return;
  const { payload } = record;
  if (!isObject(payload)) throw invalid("payload: must be an object");
  if (payload["trigger"] !== "submit-message") return;
  const { message } = payload;
  // An event of a connector has no message; the agent makes one of it.
  if (message === undefined && isObject(payload["channelEvent"])) return;
  if (!isObject(message)) throw invalid("payload.message: must be a UI message");
  for (const field of ["id", "role"]) {
    if (typeof message[field] !== "string") throw invalid(`payload.message.${field}: must be a string`);
  }
  const { parts } = message;
  if (!Array.isArray(parts)) throw invalid("payload.message.parts: must be an array");
  for (const [index, part] of parts.entries()) {
    if (isObject(part) && typeof part["type"] === "string") continue;
    throw invalid(`payload.message.parts.${index}: must be an object with a "type"`);
  }
}

function parse(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(`The body is not valid JSON: ${(error as Error).message}`);
  }
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(message: string): HttpError {
  return new HttpError(400, message);
}
