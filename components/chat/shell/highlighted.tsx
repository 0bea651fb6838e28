/** Text with its matches marked. */
export type HighlightedText = Array<{ text: string; isMatch: boolean }>;

export function Highlighted({ text }: { text: HighlightedText }) {
  return text.map((piece, index) =>
    piece.isMatch ? (
      <mark key={index} className="rounded-[3px] bg-kelp-soft font-medium text-ink">
        {piece.text}
      </mark>
    ) : (
      piece.text
    ),
  );
}
