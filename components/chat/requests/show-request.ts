import { requestKey } from "./request";

/** Scrolls to a request's card and focuses it. Returns false if the card isn't in the page. */
export function showRequest(request: { messageId: string; toolCallId: string }): boolean {
  const name = CSS.escape(requestKey(request));
  const card = document.querySelector<HTMLElement>(`[data-request="${name}"]`);
  if (!card) return false;
  card.scrollIntoView({ block: card.offsetHeight > window.innerHeight / 2 ? "start" : "center" });
  card.focus({ preventScroll: true });
  return true;
}
