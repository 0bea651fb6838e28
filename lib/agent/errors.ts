/** Turns what went wrong into a sentence that may be shown: no keys, no addresses, no stack, and a way out. */
import {
  APICallError,
  InvalidToolInputError,
  NoSuchToolError,
  RetryError,
  ToolCallRepairError,
  UnsupportedFunctionalityError,
} from "ai";
import { BranchError } from "@/lib/chat/tree/branch-actions";
import { BudgetError } from "@/lib/chat/chats/budget";
import { EffectError } from "@/lib/chat/effects/ledger";
import { InvalidMessageError } from "@/lib/chat/message";
import { UnknownOutcomeError } from "@/lib/chat/effects/unknown-outcome";
import { LimitError } from "@/lib/http/rate-limit";
import { DemoModelError } from "./demo/model";
import { describeProviderError, isProviderError } from "./providers/describe-error";
import { ModelSetupError } from "./providers/setup-error";

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
  if (isProviderError(error)) return describeProviderError(error);
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

/** For the log: enough to find the cause, without request bodies or keys. */
export function summariseError(error: unknown): Record<string, unknown> {
  const cause = RetryError.isInstance(error) ? error.lastError : error;
  if (APICallError.isInstance(cause)) return { name: cause.name, statusCode: cause.statusCode };
  if (cause instanceof Error) return { name: cause.name, message: cause.message };
  return { name: typeof cause };
}
