import { describe, expect, it } from "vitest";
import { mergeDraft } from "./draft";

describe("the composer's text when the page is hydrated", () => {
  it("is the stored draft when nothing was typed yet", () => {
    expect(mergeDraft("Dear Ada", "")).toBe("Dear Ada");
  });

  it("is what was typed when nothing was stored", () => {
    expect(mergeDraft("", "Hello")).toBe("Hello");
  });

  it("does not double a draft that the browser restored itself, whole or in part", () => {
    expect(mergeDraft("Dear Ada", "Dear Ada")).toBe("Dear Ada");
    expect(mergeDraft("Dear Ada", "Dear Ada, thanks")).toBe("Dear Ada, thanks");
    expect(mergeDraft("Dear Ada", "Dear")).toBe("Dear Ada");
  });

  it("keeps both when they have nothing in common", () => {
    expect(mergeDraft("Dear Ada", "Quick question")).toBe("Dear Ada\nQuick question");
  });
});
