const LOOK_AFTER_MS = 10_000;

/** When somebody should look whether an answer is still being written. */
export function nextLook(): Date {
  return new Date(Date.now() + LOOK_AFTER_MS);
}
