/**
 * The loaded messages that are in the page: from `first` to `last`, both included. Stores ids instead of positions,
 * because messages arrive at both ends. Without `last` the window includes every new message; without `first`, or when
 * a branch switch removed that message, it is the newest page.
 */
export type MessageWindow = { first?: string; last?: string };

type Identified = { id: string };

/** How many messages join at a time: enough to fill a screen, and few enough to render between two frames. */
export const PAGE = 20;
/**
 * The most messages in the page at once. The far side leaves when there are more, so long scrolling costs no more than
 * short.
 */
export const MOST = 80;

/** The window as positions; the end is exclusive. */
export function rangeOf(messages: readonly Identified[], { first, last }: MessageWindow): [number, number] {
  const end = last === undefined ? -1 : messages.findLastIndex(({ id }) => id === last);
  const to = end === -1 ? messages.length : end + 1;
  const start = first === undefined ? -1 : messages.findIndex(({ id }) => id === first);
  return [start === -1 || start >= to ? Math.max(0, to - PAGE) : start, to];
}

function windowOf(messages: readonly Identified[], from: number, to: number): MessageWindow {
  const first = messages[from]?.id;
  const last = to >= messages.length ? undefined : messages[to - 1]?.id;
  return { ...(first !== undefined && { first }), ...(last !== undefined && { last }) };
}

export function growUp(messages: readonly Identified[], shown: MessageWindow): MessageWindow {
  const [from, to] = rangeOf(messages, shown);
  const start = Math.max(0, from - PAGE);
  return windowOf(messages, start, Math.min(to, start + MOST));
}

export function growDown(messages: readonly Identified[], shown: MessageWindow): MessageWindow {
  const [from, to] = rangeOf(messages, shown);
  const end = Math.min(messages.length, to + PAGE);
  return windowOf(messages, Math.max(from, end - MOST), end);
}

/** A window with neighbors on both sides of the message. */
export function windowAround(messages: readonly Identified[], id: string): MessageWindow {
  const at = messages.findIndex((message) => message.id === id);
  return at === -1 ? {} : windowOf(messages, Math.max(0, at - PAGE / 2), at + PAGE);
}
