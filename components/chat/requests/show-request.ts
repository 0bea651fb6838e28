import { requestKey } from "./request";

/** Brings the card of a request into view and puts the focus on it. False when it is not in the page. */
export function showRequest(request: { messageId: string; toolCallId: string }): boolean {
  const name = CSS.escape(requestKey(request));
  const card = document.querySelector<HTMLElement>(`[data-request="${name}"]`);
  if (!card) return false;
  card.scrollIntoView({ block: card.offsetHeight > window.innerHeight / 2 ? "start" : "center" });
  card.focus({ preventScroll: true });
  return true;
}
