import { LocalTime } from "../shared/local-time";
import { formatDuration } from "../tools/duration";

export type MessageMetaProps = Omit<React.ComponentProps<"p">, "children"> & {
  /** The display name of the model that answered. */
  model?: string | undefined;
  inputTokens?: number | undefined;
  outputTokens?: number | undefined;
  /** In US dollars; null when the model's price is unknown. */
  cost?: number | null | undefined;
  /** The duration of the answer in milliseconds. */
  durationMs?: number | undefined;
  /** The message's text, for its reading time. */
  text?: string | undefined;
  finishedAt?: Date | string | number | undefined;
};

/** Model, tokens, cost and time of an answer in one line. Omits unknown values. */
export function MessageMeta({
  model,
  inputTokens,
  outputTokens,
  cost,
  durationMs,
  text,
  finishedAt,
  className,
  ...props
}: MessageMetaProps) {
  const items = itemsOf({ model, inputTokens, outputTokens, cost, durationMs, text, finishedAt });
  if (items.length === 0) return null;
  return (
    <p
      data-slot="message-meta"
      className={`flex min-w-0 flex-wrap items-center text-xs text-ink-3 tabular-nums ${className ?? ""}`}
      {...props}
    >
      {items.map((item, index) => (
        <span key={index} className="flex min-w-0">
          {index > 0 && (
            <span aria-hidden className="px-1.5">
              ·
            </span>
          )}
          {item}
        </span>
      ))}
    </p>
  );
}

/** Returns true if there is anything to show, so that a separator isn't shown alone. */
export function hasMeta(props: MessageMetaProps): boolean {
  return itemsOf(props).length > 0;
}

function itemsOf({ model, inputTokens, outputTokens, cost, durationMs, text, finishedAt }: MessageMetaProps) {
  const tokens =
    inputTokens === undefined && outputTokens === undefined
      ? undefined
      : (inputTokens ?? 0) + (outputTokens ?? 0);
  // No text and no usage: there is no answer to describe.
  if (text?.trim() === "" && tokens === undefined) return [];
  const date = finishedAt === undefined ? undefined : new Date(finishedAt);
  return [
    model && <span className="max-w-48 truncate">{model}</span>,
    tokens !== undefined && (
      <span title={`${count(inputTokens)} input, ${count(outputTokens)} output`}>
        {count(tokens)} {tokens === 1 ? "token" : "tokens"}
      </span>
    ),
    cost !== undefined && <span>{cost === null ? "price unknown" : formatCost(cost)}</span>,
    durationMs !== undefined && <span title="Response time">{formatDuration(durationMs)}</span>,
    text !== undefined && minutesToRead(text) > 1 && <span>{minutesToRead(text)} min read</span>,
    date && !Number.isNaN(date.getTime()) && <LocalTime at={date} />,
  ].filter(Boolean);
}

function count(tokens: number | undefined) {
  return tokens === undefined ? "?" : tokens.toLocaleString("en");
}

/** Dollars with their significant digits: `$0.0042`, `$0.12`, `$3.40`; zero as a word. */
export function formatCost(dollars: number) {
  if (!Number.isFinite(dollars)) return "price unknown";
  if (dollars === 0) return "free";
  if (dollars > 0 && dollars < 0.0001) return "< $0.0001";
  const digits = Math.abs(dollars) < 0.01 ? 4 : 2;
  return `$${dollars.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

/** Assumes 220 words a minute; for scripts without spaces, 500 characters. */
export function minutesToRead(text: string) {
  const words = text.match(/[^\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+/gu)?.length ?? 0;
  const signs = text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu)?.length ?? 0;
  return Math.max(1, Math.round(words / 220 + signs / 500));
}
