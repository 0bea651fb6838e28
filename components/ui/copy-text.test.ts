import { afterEach, expect, it, vi } from "vitest";
import { copyText } from "./copy-text";

afterEach(() => void vi.unstubAllGlobals());

it("uses the clipboard where there is one", async () => {
  const writeText = vi.fn<(text: string) => Promise<void>>(async () => {});
  vi.stubGlobal("navigator", { clipboard: { writeText } });
  await copyText("words");
  expect(writeText).toHaveBeenCalledWith("words");
});

it.each([
  ["no clipboard", {}],
  ["a clipboard that is refused", { clipboard: { writeText: () => Promise.reject(new Error("denied")) } }],
])("copies what it selects with %s, and says when that is refused, too", async (_, navigator) => {
  const copied: string[] = [];
  const box = { value: "", style: {}, focus() {}, select: () => copied.push(box.value), remove() {} };
  const document = {
    activeElement: null,
    getSelection: () => null,
    createElement: () => box,
    body: { append() {} },
    execCommand: () => true,
  };
  vi.stubGlobal("navigator", navigator);
  vi.stubGlobal("document", document);
  vi.stubGlobal("HTMLElement", class {});
  await copyText("words");
  expect(copied).toEqual(["words"]);
  vi.stubGlobal("document", { ...document, execCommand: () => false });
  await expect(copyText("words")).rejects.toThrow("blocked copying");
});
