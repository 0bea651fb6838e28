"use client";

import { type RefObject, useId, useMemo, useState, useSyncExternalStore } from "react";
import { type Field, type FormDraft, type FormProblem, fromDraft, readForm, toDraft } from "./form-schema";
import { isRecord } from "../../shared/json";
import type { HumanRequestView } from "../request";
import { draftIn, withChanges } from "./form-typed";
import { useRequestDraft } from "../request-drafts";

export type Form = {
  id: string;
  field: Field;
  draft: FormDraft;
  problems: FormProblem[];
  change: (draft: FormDraft) => void;
  /** The locale for writing and parsing numbers. */
  locale: string;
  /**
   * The value, or undefined if a field has an error; then every error is shown at its field. Pass `inputs` to read the
   * values of a submit from before hydration.
   */
  check: (inputs?: FormData) => { value: unknown } | undefined;
};

const asJson: Field = { kind: "json", key: "", label: "Arguments", isRequired: true, isNullable: false };

/** State of a form for a schema. If the schema can't be read, the value is edited as JSON. */
export function useForm(
  request: HumanRequestView,
  initial: unknown,
  /** The form element, if the server may have rendered it. */
  element?: RefObject<HTMLFormElement | null>,
): Form {
  const id = useId();
  const locale = useLocale();
  const field = useMemo(() => readForm(request.schema) ?? asJson, [request.schema]);
  const [draft, setDraft] = useRequestDraft(
    request,
    "form",
    () => toDraft(field, initial),
    // Text typed before hydration is only in the DOM, because no event reached React.
    (kept) => {
      if (!element?.current) return kept;
      const drawn = toDraft(field, initial);
      return withChanges(kept, drawn, draftIn(new FormData(element.current), field, drawn));
    },
  );
  const [problems, setProblems] = useState<FormProblem[]>([]);

  function readValue(from: FormDraft) {
    const result = fromDraft(field, from, initial, undefined, locale);
    const isOtherKind = result.problems.length === 0 && isRecord(initial) && !isRecord(result.value);
    if (!isOtherKind) return result;
    const message = "Enter a JSON object: { … }.";
    return { value: undefined, problems: [{ path: "", label: field.label, message }] };
  }

  return {
    id,
    locale,
    field,
    draft,
    problems,
    change(next) {
      setDraft(next);
      // Errors appear on submit; afterwards each disappears as soon as its field is valid.
      if (problems.length > 0) setProblems(readValue(next).problems);
    },
    check(inputs) {
      const result = readValue(inputs ? draftIn(inputs, field, draft) : draft);
      setProblems(result.problems);
      return result.problems.length === 0 ? { value: result.value } : undefined;
    },
  };
}

/** The reader's locale. The server doesn't know it, so the first render is in English. */
function useLocale(): string {
  return useSyncExternalStore(
    () => () => {},
    () => navigator.language || "en",
    () => "en",
  );
}
