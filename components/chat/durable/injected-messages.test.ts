import type { UIMessage } from "ai";
import { expect, it } from "vitest";
import { INJECTED_TYPE, withoutInjected } from "./injected-messages";

const said = (id: string): UIMessage => ({ id, role: "user", parts: [{ type: "text", text: id }] });

it("shows what was said into an answer there, and not beside it as well", () => {
  const answer: UIMessage = {
    id: "answer",
    role: "assistant",
    parts: [
      {
        type: INJECTED_TYPE,
        data: { messageIds: ["steer-1"], messages: [{ id: "steer-1", text: "only in Norway" }] },
      },
    ],
  };
  const messages = [said("question"), said("steer-1"), answer, said("steer-2")];
  expect(withoutInjected(messages).map(({ id }) => id)).toEqual(["question", "answer", "steer-2"]);
});

it("leaves alone what has nothing in it", () => {
  const messages = [said("question")];
  expect(withoutInjected(messages)).toBe(messages);
});
