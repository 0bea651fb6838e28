/** The messages of exceeded limits, for the server that refuses and the page that shows them. */

const sentences = {
  chatStarts: "You've started a lot of chats in a short time.",
  messages: "You've sent a lot of messages in a short time.",
  stops: "You've pressed Stop a lot of times in a short time.",
  answers: "You have as many answers running as you can have at once.",
  uploads: "You've uploaded a lot of files in a short time.",
  copies: "You've duplicated a lot of chats in a short time.",
  guests: "A lot of people have started here from your network in a short time.",
  streams: "This chat was opened a lot of times in a short time.",
  openStreams: "You're following as many answers as you can at once.",
  views: "A lot of pages were opened from your network in a short time.",
  other: "Too many attempts.",
};

export type LimitName = keyof typeof sentences;

/** Names the limit, and when to try again. */
export function limitMessage(name: string, retryAfterSeconds: number): string {
  const sentence = Object.hasOwn(sentences, name) ? sentences[name as LimitName] : sentences.other;
  return `${sentence} Try again ${inWords(retryAfterSeconds)}.`;
}

/** A refusal as a code, because Next hides the message of an error in production. */
export function limitDigest(name: LimitName, retryAfterSeconds: number): string {
  return `holdfast:limit:${name}:${retryAfterSeconds}`;
}

/** The message of a code anywhere in a text; undefined without one. */
export function findLimitMessage(text: string): string | undefined {
  const [, name, seconds] = /holdfast:limit:(\w+):(\d+)/.exec(text) ?? [];
  return name === undefined ? undefined : limitMessage(name, Number(seconds));
}

function inWords(seconds: number): string {
  if (seconds <= 90) return `in ${count(Math.max(1, Math.ceil(seconds)), "second")}`;
  if (seconds <= 90 * 60) return `in ${count(Math.ceil(seconds / 60), "minute")}`;
  return `in ${count(Math.ceil(seconds / 3600), "hour")}`;
}

function count(number: number, unit: string): string {
  return number === 1 ? `1 ${unit}` : `${number} ${unit}s`;
}
