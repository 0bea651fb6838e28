import { expect, it } from "vitest";
import { renderToString } from "react-dom/server";
import { AllowedTools } from "./allowed-tools";

const renderTools = (tools: { name: string; title: string }[]) =>
  renderToString(<AllowedTools tools={tools} onRevoke={async () => {}} />);

it("names each tool that runs without asking, and the way back", () => {
  const html = renderTools([
    { name: "refund", title: "Refund" },
    { name: "sendEmail", title: "Email" },
  ]);
  expect(html).toContain("Always allowed in this chat");
  expect(html.match(/aria-label="Revoke \w+"/g)).toEqual([
    'aria-label="Revoke Refund"',
    'aria-label="Revoke Email"',
  ]);
});

it("is not there while nothing is allowed", () => {
  expect(renderTools([])).toBe("");
});
