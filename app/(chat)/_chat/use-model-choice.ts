import { useRef, useState } from "react";
import { chooseModel } from "./actions/session";
import { describeError } from "./actions/expected-error";

/** The chat's model, shown at once and kept on the server; what the server refuses goes back to what it was. */
export function useModelChoice(chatId: string, saved: string | null, { hasRow }: { hasRow: boolean }) {
  const [chosen, setChosen] = useState(saved);
  const [error, setError] = useState<string | null>(null);
  const latest = useRef(0);

  async function choose(id: string): Promise<void> {
    const attempt = (latest.current += 1);
    const before = chosen;
    setError(null);
    setChosen(id);
    // A new chat has no row: its choice goes along with the first message, which makes one.
    if (!hasRow) return;
    try {
      await chooseModel(chatId, id);
    } catch (cause) {
      if (attempt !== latest.current) return;
      setChosen(before);
      setError(describeError(cause));
    }
  }

  return {
    /** Null: the default. */
    chosen,
    error,
    choose: (id: string) => void choose(id),
  };
}
