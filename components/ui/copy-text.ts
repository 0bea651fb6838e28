/**
 * Copies text to the clipboard. Over plain http (a phone on the LAN) browsers have no `navigator.clipboard`; there the
 * text is selected and copied by `execCommand`. Rejects when the browser allows neither.
 */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copySelected(text)) throw new Error("The browser blocked copying.");
  }
}

function copySelected(text: string): boolean {
  const { activeElement } = document;
  const selection = document.getSelection();
  const selected = Array.from({ length: selection?.rangeCount ?? 0 }, (_, index) =>
    selection!.getRangeAt(index),
  );
  const box = document.createElement("textarea");
  box.value = text;
  box.readOnly = true;
  // Invisible, without scrolling the page or opening a phone's keyboard.
  box.style.cssText = "position:fixed;top:0;left:0;opacity:0;font-size:16px";
  // A dialog traps the focus, so the field goes inside it.
  (activeElement?.closest("[role=dialog]") ?? document.body).append(box);
  try {
    box.focus({ preventScroll: true });
    box.select();
    return document.execCommand("copy");
  } finally {
    box.remove();
    if (activeElement instanceof HTMLElement) activeElement.focus({ preventScroll: true });
    selection?.removeAllRanges();
    for (const range of selected) selection?.addRange(range);
  }
}
