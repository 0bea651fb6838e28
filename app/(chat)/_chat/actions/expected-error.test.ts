import { describe, expect, it } from "vitest";
import { KnownError } from "@/components/chat/shared/known-error";
import { describeError, expectedError } from "./expected-error";

const refused = (status: number) =>
  Object.assign(new Error(`appendToSessionStream failed: ${status} {"error":"tr_dev_secret"}`), {
    name: "TriggerApiError",
    status,
  });

describe("what a person reads of an error", () => {
  it("is the sentence that was written for it", () => {
    expect(describeError(new KnownError("The model is away."))).toBe("The model is away.");
    const hidden = Object.assign(new Error("An error occurred in the Server Components render."), {
      digest: "holdfast:chat-not-found",
    });
    expect(describeError(hidden)).toBe("Chat not found. It may have been deleted or belong to someone else.");
    expect(describeError(expectedError("title-empty"))).toMatch(/^The title is empty/);
  });

  it.each([
    [401, /signed out/],
    [409, /closed/],
    [413, /too large/],
    [429, /Too many requests/],
    [404, /^Something went wrong/],
    [503, /reach the server/],
  ])("says what an answer of %i means for it", (status, sentence) => {
    expect(describeError(refused(status))).toMatch(sentence);
  });

  it.each([
    new TypeError("Failed to fetch"),
    new Error("An unexpected response was received from the server."),
  ])("says that the server can't be reached: %s", (error) => {
    expect(describeError(error)).toMatch(/reach the server/);
  });

  it.each([
    new Error('No tool invocation found for tool call ID "call_0".'),
    new Error("Invalid `prisma.chat.findUnique()` invocation"),
    Object.assign(new Error("x"), { digest: "2489713" }),
    "a string",
    undefined,
  ])("is nothing that a library says: %s", (error) => {
    expect(describeError(error)).toBe(
      "Something went wrong. Nothing was lost. Try again, or reload the page.",
    );
  });
});
