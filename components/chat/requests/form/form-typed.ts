import { isRecord, isSame } from "../../shared/json";
import type { Field, FormDraft } from "./form-schema";
import { writeNumber } from "./read-number";

/** The name of a field's input in its form. */
export function inputName(path: string): string {
  return `field:${path}`;
}

/** The current values of a form's inputs, in the shape of `shown`: the values that were rendered into them. */
export function draftIn(inputs: FormData, field: Field, shown: FormDraft, path = ""): FormDraft {
  const at = (key: string) => (path ? `${path}.${key}` : key);
  switch (field.kind) {
    case "object": {
      const values = isRecord(shown) ? (shown as Record<string, FormDraft>) : {};
      return Object.fromEntries(
        field.fields.map((each) => {
          const drawn = Object.hasOwn(values, each.key) ? (values[each.key] ?? "") : "";
          return [each.key, draftIn(inputs, each, drawn, at(each.key))];
        }),
      );
    }
    case "list":
      return Array.isArray(shown)
        ? shown.map((item, index) => draftIn(inputs, field.item, item, at(String(index))))
        : shown;
    case "boolean":
      return inputs.has(inputName(path));
    case "text":
    case "number":
    case "date":
    case "choice":
    case "json": {
      const text = inputs.get(inputName(path));
      if (typeof text !== "string") return shown;
      // Before hydration, numbers are formatted in the server's locale.
      const isUntouched = typeof shown === "number" && text === writeNumber(shown);
      return isUntouched ? shown : text;
    }
  }
}

/** Applies the changes made since `drawn` was rendered to `kept`. */
export function withChanges(kept: FormDraft, drawn: FormDraft, typed: FormDraft): FormDraft {
  if (isSame(drawn, typed)) return kept;
  if (!isRecord(kept) || !isRecord(drawn) || !isRecord(typed)) return typed;
  const [was, is] = [drawn as Record<string, FormDraft>, typed as Record<string, FormDraft>];
  return Object.fromEntries(
    Object.entries({ ...kept, ...is }).map(([key, value]) => {
      const isHere = Object.hasOwn(kept, key) && Object.hasOwn(was, key) && Object.hasOwn(is, key);
      return [key, isHere ? withChanges((kept as typeof was)[key]!, was[key]!, is[key]!) : value];
    }),
  ) as FormDraft;
}
