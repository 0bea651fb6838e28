const SHOWN_MS = 20_000;
/** Browsers let a page that nobody sees wake up about once a minute. */
const HIDDEN_MS = 60_000;

/**
 * Calls `look` again and again, slower while nobody looks at the page: what it finds then is told by the tab's title,
 * its icon and a notice. Calls it at once when somebody comes back, or the network does. Returns how to stop it.
 */
export function keepLooking(look: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const isShown = () => document.visibilityState === "visible";
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(lookNow, isShown() ? SHOWN_MS : HIDDEN_MS);
  };
  const lookNow = () => {
    look();
    wait();
  };
  const onChange = () => (isShown() ? lookNow() : wait());
  wait();
  document.addEventListener("visibilitychange", onChange);
  window.addEventListener("online", lookNow);
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onChange);
    window.removeEventListener("online", lookNow);
  };
}
