"use client";

import { useId, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { MAX_ANSWER_LENGTH, type QuestionAnswer, readQuestion } from "./question";
import type { RequestCardProps } from "./request";
import { useRequestDraft } from "./request-drafts";
import { RequestActions, RequestForm, RequestFrame } from "./request-frame";
import { isTyping } from "../shared/is-typing";
import { useDecision } from "./use-decision";

/** A question with a few options. Their numbers are keyboard shortcuts while the focus is in the card. */
export function QuestionCard({ request, onDecide, settled }: RequestCardProps) {
  const { question, options, multiple, allowText } = readQuestion(request.input);
  const decision = useDecision(onDecide);
  const fieldset = useRef<HTMLFieldSetElement>(null);
  const name = useId();
  const [answer, setAnswer] = useRequestDraft<QuestionAnswer>(
    request,
    "answer",
    () => ({ optionIds: [] }),
    // Input from before hydration is only in the DOM, because no event reached React.
    (kept) => {
      const form = fieldset.current?.form;
      const { optionIds, text } = chosenIn(form ? new FormData(form) : new FormData(), name);
      return optionIds.length > 0 || text
        ? {
            optionIds: optionIds.length > 0 ? optionIds : kept.optionIds,
            ...(text || kept.text ? { text: text || kept.text } : {}),
          }
        : kept;
    },
  );
  const [problem, setProblem] = useState<string>();
  const isBusy = decision.phase !== "open";

  function toggle(id: string) {
    setProblem(undefined);
    const isChosen = answer.optionIds.includes(id);
    const others = multiple ? answer.optionIds.filter((each) => each !== id) : [];
    setAnswer({ ...answer, optionIds: isChosen ? others : [...others, id] });
  }

  function onKeyDown(event: React.KeyboardEvent) {
    const option = options[Number(event.key) - 1];
    if (!option || !/^[1-9]$/.test(event.key) || isTyping(event.target)) return;
    if (event.ctrlKey || event.metaKey || event.altKey || isBusy || request.state !== "pending") return;
    event.preventDefault();
    toggle(option.id);
    fieldset.current
      ?.querySelectorAll<HTMLElement>("[data-slot=question-option] input")
      [options.indexOf(option)]?.focus();
  }

  /** Reads the answer from the fields, so that a press from before hydration submits what was shown then. */
  function submit(fields: FormData) {
    const { optionIds, text = "" } = chosenIn(fields, name);
    if (optionIds.length === 0 && text.trim() === "") {
      setProblem(allowText ? "Choose an option, or write your own answer." : "Choose an option first.");
      fieldset.current?.querySelector<HTMLElement>("input, textarea")?.focus();
      return;
    }
    void decision.decide({
      type: "answer",
      output: { optionIds, ...(text.trim() && { text: text.trim() }) },
    });
  }

  return (
    <RequestFrame request={request} decision={decision} settled={settled} onKeyDown={onKeyDown}>
      <RequestForm className="flex flex-col gap-3" action={submit}>
        <fieldset ref={fieldset} data-slot="question-options" className="flex min-w-0 flex-col gap-2">
          <legend className="float-left mb-2 pl-[26px] text-sm wrap-anywhere text-ink-2" dir="auto">
            {question === request.title ? <span className="sr-only">{question}</span> : question}
            {multiple && (
              <span className="text-ink-3">{question !== request.title && " "}Choose all that apply.</span>
            )}
          </legend>
          {options.map((option, index) => {
            const isChosen = answer.optionIds.includes(option.id);
            return (
              <label
                key={option.id}
                data-slot="question-option"
                className="clear-both flex min-h-11 cursor-pointer items-start gap-3 rounded-[10px] border bg-surface px-3 py-2.5 text-sm hover:bg-raised/60 has-checked:border-kelp has-checked:bg-kelp-soft"
              >
                <input
                  type={multiple ? "checkbox" : "radio"}
                  name={name}
                  value={option.id}
                  checked={isChosen}
                  className="mt-0.5 size-4 shrink-0 accent-kelp"
                  onChange={() => toggle(option.id)}
                  onKeyDown={(event) => {
                    // Lets people clear a radio button that they chose by mistake.
                    if (event.key === "Backspace" && isChosen) toggle(option.id);
                  }}
                />
                <span className="min-w-0 flex-1 wrap-anywhere" dir="auto">
                  {option.label}
                  {option.description && (
                    <span className="block text-[13px] text-ink-2">{option.description}</span>
                  )}
                </span>
                <kbd aria-hidden className="shrink-0 pointer-coarse:hidden">
                  {index + 1}
                </kbd>
              </label>
            );
          })}
          {allowText && (
            <textarea
              name={`${name}text`}
              aria-label={options.length > 0 ? "In your own words" : "Your answer"}
              placeholder={options.length > 0 ? "In your own words…" : "Your answer…"}
              rows={1}
              dir="auto"
              maxLength={MAX_ANSWER_LENGTH}
              value={answer.text ?? ""}
              className="field-sizing-content max-h-48 min-h-11 w-full resize-none rounded-[10px] border bg-surface px-3 py-2.5 text-sm placeholder:text-ink-3 pointer-coarse:text-[16px]"
              onChange={(event) => {
                setProblem(undefined);
                setAnswer({ ...answer, text: event.target.value });
              }}
              onKeyDown={(event) => {
                if (event.nativeEvent.isComposing || event.keyCode === 229) return;
                if (event.key !== "Enter" || event.shiftKey) return;
                event.preventDefault();
                event.currentTarget.form?.requestSubmit();
              }}
            />
          )}
        </fieldset>
        {problem && (
          <p role="alert" className="text-[13px] text-red">
            {problem}
          </p>
        )}
        <RequestActions>
          <Button type="submit" variant="primary" aria-disabled={isBusy || undefined}>
            Answer
          </Button>
          <Button
            type="submit"
            aria-disabled={isBusy || undefined}
            formAction={() => void decision.decide({ type: "skip" })}
          >
            Skip
          </Button>
        </RequestActions>
      </RequestForm>
    </RequestFrame>
  );
}

/** The values of the fields, in the order of the options. */
function chosenIn(fields: FormData, name: string): QuestionAnswer {
  const isText = (value: unknown): value is string => typeof value === "string";
  const [text] = fields.getAll(`${name}text`).filter(isText);
  return { optionIds: fields.getAll(name).filter(isText), ...(text && { text }) };
}
