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
  /** By whose customs numbers are written and read. */
  locale: string;
  /**
   * The value, or undefined when something is wrong; then every problem is shown at its field. Of what these inputs
   * say, if they are given: a press from before the page was alive is for what stood there then.
   */
  check: (inputs?: FormData) => { value: unknown } | undefined;
};

const asJson: Field = { kind: "json", key: "", label: "Arguments", isRequired: true, isNullable: false };

/** A form over a schema. Without a schema that can be read, the value is written as JSON. */
export function useForm(
  request: HumanRequestView,
  initial: unknown,
  /** The form on the page, when the server may have drawn it. */
  element?: RefObject<HTMLFormElement | null>,
): Form {
  const id = useId();
  const locale = useLocale();
  const field = useMemo(() => readForm(request.schema) ?? asJson, [request.schema]);
  const [draft, setDraft] = useRequestDraft(
    request,
    "form",
    () => toDraft(field, initial),
    // Typed while the page was still coming alive: the browser knows, and nobody was told.
    (kept) => {
      if (!element?.current) return kept;
      const drawn = toDraft(field, initial);
      return withChanges(kept, drawn, draftIn(new FormData(element.current), field, drawn));
    },
  );
  const [problems, setProblems] = useState<FormProblem[]>([]);

  function read(from: FormDraft) {
    const result = fromDraft(field, from, initial, undefined, locale);
    const isOtherKind = result.problems.length === 0 && isRecord(initial) && !isRecord(result.value);
    if (!isOtherKind) return result;
    const message = "An object was proposed, so an object is needed: { … }.";
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
      // A mistake is pointed out when the form is given in; from then on it goes as soon as it is mended.
      if (problems.length > 0) setProblems(read(next).problems);
    },
    check(inputs) {
      const result = read(inputs ? draftIn(inputs, field, draft) : draft);
      setProblems(result.problems);
      return result.problems.length === 0 ? { value: result.value } : undefined;
    },
  };
}

/** The reader's. The server does not know it, so the first render is in English. */
function useLocale(): string {
  return useSyncExternalStore(
    () => () => {},
    () => navigator.language || "en",
    () => "en",
  );
}
