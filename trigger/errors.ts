/** Turns what went wrong into a sentence that may be shown: no keys, no addresses, no stack, and a way out. */
import {
  APICallError,
  InvalidToolInputError,
  NoSuchToolError,
  RetryError,
  ToolCallRepairError,
  UnsupportedFunctionalityError,
} from "ai";
import { BranchError } from "@/lib/chat/branch-actions";
import { BudgetError } from "@/lib/chat/budget";
import { EffectError } from "@/lib/chat/effects";
import { InvalidMessageError } from "@/lib/chat/message";
import { UnknownOutcomeError } from "@/lib/chat/unknown-outcome";
import { LimitError } from "@/lib/rate-limit";
import { DemoModelError } from "./demo-model";
import { ModelSetupError } from "./models";

/** Thrown with a sentence for the reader of the chat. */
export class ChatError extends Error {
  override name = "ChatError";
}

export function describeError(error: unknown): string {
  if (
    error instanceof ChatError ||
    error instanceof BranchError ||
    error instanceof BudgetError ||
    error instanceof LimitError ||
    error instanceof EffectError ||
    error instanceof UnknownOutcomeError ||
    error instanceof InvalidMessageError ||
    error instanceof DemoModelError ||
    error instanceof ModelSetupError
  ) {
    return error.message;
  }
  if (RetryError.isInstance(error)) return describeError(error.lastError);
  if (APICallError.isInstance(error)) return describeProvider(error);
  if (NoSuchToolError.isInstance(error))
    return "The model asked for a tool that this agent does not have. Try again.";
  if (InvalidToolInputError.isInstance(error) || ToolCallRepairError.isInstance(error)) {
    return "The model called a tool with input that the tool does not take. Try again.";
  }
  if (UnsupportedFunctionalityError.isInstance(error)) {
    return "This model cannot take something in this conversation, such as one of its files. Choose another model, or ask in a new chat without it.";
  }
  return "Something went wrong while answering. Nothing is lost: try again, or ask something else.";
}

function describeProvider({ statusCode }: APICallError): string {
  switch (statusCode) {
    case 401:
    case 403:
      return "The model provider refused the server's key. Whoever runs this site has to check it.";
    case 402:
      return "The model provider says that the account has no credit left. Whoever runs this site has to check it.";
    case 404:
      return "The model provider does not know this model. Choose another one, or check its name in the server's settings.";
    case 413:
      return "This conversation is too long for the model. Start a new chat, or choose a model with more room.";
    case 429:
      return "The model provider is limiting requests. Wait a moment and try again.";
    case undefined:
      return "The model provider could not be reached. Try again in a moment.";
    case 200:
      return "The connection to the model provider broke. What was written stays: try again in a moment.";
    default:
      return statusCode >= 500
        ? "The model provider has a problem of its own. Try again in a moment."
        : "The model provider did not accept the request. Try again, or choose another model.";
  }
}

/** For the log: enough to find the cause, without request bodies or keys. */
export function summariseError(error: unknown): Record<string, unknown> {
  const cause = RetryError.isInstance(error) ? error.lastError : error;
  if (APICallError.isInstance(cause)) return { name: cause.name, statusCode: cause.statusCode };
  if (cause instanceof Error) return { name: cause.name, message: cause.message };
  return { name: typeof cause };
}
