import type { UIMessage } from "ai";
import { expect, it } from "vitest";
import { renderToString } from "react-dom/server";
import { BranchSwitcher } from "./branch-switcher";
import { EditMessage } from "./edit-message";
import { Message } from "./message";
import { MessageActions } from "./message-actions";
import { UndoRedo } from "./undo-redo";
import { VersionNotice } from "./version-notice";

const nothing = () => {};
const question: UIMessage = { id: "q", role: "user", parts: [{ type: "text", text: "How high?" }] };
/** The opening tag of the button with this name. */
const button = (html: string, name: string) =>
  html.match(new RegExp(`<button[^>]*aria-label="${name}"[^>]*>`))?.[0];
const text = (html: string) => html.replaceAll(/<!--.*?-->|<[^>]*>/g, "");

it("says in words which version is shown", () => {
  const html = renderToString(<BranchSwitcher index={2} count={3} onPrevious={nothing} onNext={nothing} />);
  expect(html).toMatch(/<fieldset[^>]*aria-label="Version 2 of 3"/);
  expect(text(html)).toBe("2/3Version 2 of 3");
});

it("keeps both arrows focusable at the ends, and says which one leads nowhere", () => {
  const html = renderToString(<BranchSwitcher index={1} count={2} onNext={nothing} />);
  expect(button(html, "Previous version")).toContain('aria-disabled="true"');
  expect(button(html, "Next version")).not.toContain('aria-disabled="true"');
  expect(html).not.toContain('disabled=""');
});

it("has only the actions that were given", () => {
  const html = renderToString(<MessageActions message={question} onEdit={nothing} />);
  expect(button(html, "Copy")).toBeDefined();
  expect(button(html, "Edit message")).toBeDefined();
  expect(button(html, "Regenerate")).toBeUndefined();
  expect(button(html, "Continue from here")).toBeUndefined();
  expect(html).not.toContain("branch-switcher");
});

it("offers no copy of a message without words", () => {
  const message: UIMessage = { id: "a", role: "assistant", parts: [{ type: "text", text: " \n" }] };
  const html = renderToString(<MessageActions message={message} onRegenerate={nothing} />);
  expect(button(html, "Copy")).toBeUndefined();
  expect(button(html, "Regenerate")).toBeDefined();
});

it("shows the editor in place of the words and of the actions", () => {
  const html = renderToString(
    <Message
      message={question}
      actions="the actions"
      editor={<EditMessage text="How high?" onSave={nothing} onCancel={nothing} />}
    />,
  );
  expect(html).toMatch(/<textarea[^>]*>How high\?<\/textarea>/);
  expect(html).not.toContain("message-bubble");
  expect(html).not.toContain("the actions");
});

it("opens a refused edit with what was typed and with the reason", () => {
  const html = renderToString(
    <EditMessage
      text="old"
      draft="new words"
      error="The chat is gone."
      onSave={nothing}
      onCancel={nothing}
    />,
  );
  expect(html).toMatch(/<textarea[^>]*>new words<\/textarea>/);
  expect(text(html)).toContain("save. The chat is gone.");
});

it("asks nothing that is empty or too long, and says why", () => {
  const empty = renderToString(<EditMessage text="old" draft=" " onSave={nothing} onCancel={nothing} />);
  expect(text(empty)).toContain("Write something, or cancel.");
  expect(empty).toMatch(/<button[^>]*type="submit"[^>]*aria-disabled="true"/);
  const long = renderToString(<EditMessage text="12345" maxLength={4} onSave={nothing} onCancel={nothing} />);
  expect(text(long)).toContain("Shorten it by 1.");
  expect(long).toMatch(/<button[^>]*type="submit"[^>]*aria-disabled="true"/);
});

it("says where the earlier version is", () => {
  const html = renderToString(<VersionNotice index={1} count={2} onShow={nothing} />);
  expect(text(html)).toBe("Your earlier version is 1/2 · show");
});

it("keeps undo in its place while only redo is possible, and neither when none is", () => {
  const html = renderToString(<UndoRedo onRedo={nothing} />);
  expect(button(html, "Undo")).toContain('aria-disabled="true"');
  expect(button(html, "Redo")).not.toContain('aria-disabled="true"');
  expect(renderToString(<UndoRedo />)).toBe("");
});
