/** What `npm run doctor` found, in one sentence; `fix` and `note` say what to do. */
export type Finding = { verdict: "ok" | "note" | "fix"; text: string };

export function ok(text: string): Finding {
  return { verdict: "ok", text };
}

export function note(text: string): Finding {
  return { verdict: "note", text };
}

export function fix(text: string): Finding {
  return { verdict: "fix", text };
}
