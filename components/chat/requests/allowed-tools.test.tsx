import { expect, it } from "vitest";
import { renderToString } from "react-dom/server";
import { AllowedTools } from "./allowed-tools";

const draw = (tools: string[]) => renderToString(<AllowedTools tools={tools} onRevoke={async () => {}} />);

it("names each tool that runs without asking, and the way back", () => {
  const html = draw(["refund", "sendEmail"]);
  expect(html).toContain("Runs without asking in this chat");
  expect(html.match(/aria-label="Revoke \w+"/g)).toEqual([
    'aria-label="Revoke refund"',
    'aria-label="Revoke sendEmail"',
  ]);
});

it("is not there while nothing is allowed", () => {
  expect(draw([])).toBe("");
});
