import { useRef, useState } from "react";
import { chooseModel } from "./actions/session";
import { describeError } from "./actions/expected-error";

/** The chat's model, shown at once and saved on the server; a refused choice is reverted. */
export function useModelChoice(chatId: string, saved: string | null, { hasRow }: { hasRow: boolean }) {
  const [chosen, setChosen] = useState(saved);
  const [error, setError] = useState<string | null>(null);
  const latest = useRef(0);

  async function choose(id: string): Promise<void> {
    const attempt = (latest.current += 1);
    const before = chosen;
    setError(null);
    setChosen(id);
    // A new chat has no row, so the choice is sent with the first message.
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
    /** Null selects the default. */
    chosen,
    error,
    choose: (id: string) => void choose(id),
  };
}
