"use client";

import { useId, useMemo, useState } from "react";
import {
  type Field,
  type FormDraft,
  type FormProblem,
  fromDraft,
  isRecord,
  readForm,
  toDraft,
} from "./form-schema";
import type { HumanRequestView } from "./request";
import { useRequestDraft } from "./use-decision";

export type Form = {
  id: string;
  field: Field;
  draft: FormDraft;
  problems: FormProblem[];
  change: (draft: FormDraft) => void;
  /** The value, or undefined when something is wrong; then every problem is shown at its field. */
  check: () => { value: unknown } | undefined;
  reset: () => void;
};

const asJson: Field = { kind: "json", key: "", label: "Arguments", isRequired: true, isNullable: false };

/** A form over a schema. Without a schema that can be read, the value is written as JSON. */
export function useForm(request: HumanRequestView, initial: unknown): Form {
  const id = useId();
  const field = useMemo(() => readForm(request.schema) ?? asJson, [request.schema]);
  const [draft, setDraft] = useRequestDraft(request, "form", () => toDraft(field, initial));
  const [problems, setProblems] = useState<FormProblem[]>([]);

  function read(from: FormDraft) {
    const result = fromDraft(field, from, initial);
    const isOtherKind = result.problems.length === 0 && isRecord(initial) && !isRecord(result.value);
    if (!isOtherKind) return result;
    const message = "An object was proposed, so an object is needed: { … }.";
    return { value: undefined, problems: [{ path: "", label: field.label, message }] };
  }

  return {
    id,
    field,
    draft,
    problems,
    change(next) {
      setDraft(next);
      // A mistake is pointed out when the form is given in; from then on it goes as soon as it is mended.
      if (problems.length > 0) setProblems(read(next).problems);
    },
    check() {
      const result = read(draft);
      setProblems(result.problems);
      return result.problems.length === 0 ? { value: result.value } : undefined;
    },
    reset() {
      setDraft(toDraft(field, initial));
      setProblems([]);
    },
  };
}
