"use client";

import { type ComponentType, useEffect, useId, useRef } from "react";
import { Button } from "@/components/ui/button";
import { ArgumentTable } from "./argument-table";
import { changesBetween } from "../shared/json";
import { approveLabel, type HumanRequestView, type RequestCardProps, toolTitle } from "./request";
import { forgetRequestDraft, useRequestDraft } from "./request-drafts";
import { RequestActions, RequestForm, RequestFrame } from "./request-frame";
import { useDecision } from "./use-decision";

type Step = "decide" | "edit" | "deny";
/** Identifies the button that gets the focus back when its step ends. */
const OPENED_BY: Record<Step, string> = { decide: "approve", edit: "edit", deny: "deny" };
const MAX_REASON = 2_000;

export type ArgumentEditorProps = {
  request: HumanRequestView;
  /** Called with the edited arguments. */
  onReview: (value: unknown) => void;
  onCancel: () => void;
};

export type ApprovalCardProps = RequestCardProps & {
  /** The form that edits the arguments. Without it they can only be approved or denied as proposed. */
  Editor?: ComponentType<ArgumentEditorProps>;
};

/** A call that needs approval. It runs with the arguments shown: the proposed or the edited ones. */
export function ApprovalCard({ request, onDecide, canAllowTool = true, settled, Editor }: ApprovalCardProps) {
  const decision = useDecision(onDecide);
  const [step, setStep] = useRequestDraft<Step>(request, "step", () => "decide");
  const [edited, setEdited] = useRequestDraft<{ value: unknown } | undefined>(
    request,
    "edited",
    () => undefined,
  );
  const [reason, setReason] = useRequestDraft(request, "reason", () => "");
  const content = useRef<HTMLDivElement>(null);
  const [isRemembered, setIsRemembered] = useRequestDraft(
    request,
    "remember",
    () => false,
    // The box may have been checked before hydration.
    (kept) => content.current?.querySelector("[name=remember]:checked") != null || kept,
  );
  const returnTo = useRef<string | null>(null);
  const countId = useId();
  const isBusy = decision.phase !== "open" || undefined;
  const changes = edited ? changesBetween(request.input, edited.value).length : 0;

  useEffect(() => {
    if (!returnTo.current) return;
    content.current?.querySelector<HTMLElement>(returnTo.current)?.focus();
    returnTo.current = null;
  }, [step]);

  function open(next: Step) {
    returnTo.current = next === "decide" ? `[data-action=${OPENED_BY[step]}]` : "input, textarea, select";
    setStep(next);
  }

  function review(value: unknown) {
    setEdited(changesBetween(request.input, value).length > 0 ? { value } : undefined);
    returnTo.current = "[data-action=approve]";
    setStep("decide");
  }

  function resetEdit() {
    forgetRequestDraft(request, "form");
    setEdited(undefined);
    content.current?.querySelector<HTMLElement>("[data-action=edit]")?.focus();
  }

  /** Uses the edit of this render, so that a stored edit can't be approved before it was shown. */
  function approve(fields: FormData) {
    void decision.decide({
      type: "approve",
      ...(edited && { editedInput: edited.value }),
      ...(fields.has("remember") && { remember: true }),
    });
  }

  return (
    <RequestFrame request={request} decision={decision} settled={settled}>
      <div ref={content} className="flex flex-1 flex-col gap-3">
        <p className="text-[13px] text-ink-2">
          Will run <span className="font-medium text-ink">{toolTitle(request)}</span>{" "}
          {step === "edit" ? "with your changes:" : "with:"}
        </p>
        {step === "edit" && Editor ? (
          <Editor request={request} onReview={review} onCancel={() => open("decide")} />
        ) : (
          <>
            <ArgumentTable
              label={toolTitle(request)}
              value={request.input}
              edited={edited?.value}
              schema={request.schema}
            />
            <output id={countId} className="-mt-1 text-xs text-ink-3 empty:hidden">
              {changes > 0 &&
                `${changes} ${changes === 1 ? "value" : "values"} changed. Approve to run with your changes.`}
            </output>
            {step === "deny" ? (
              <form
                className="flex flex-col gap-3"
                onSubmit={(event) => {
                  event.preventDefault();
                  const said = reason.trim();
                  void decision.decide({ type: "deny", ...(said && { reason: said }) });
                }}
              >
                <label className="flex flex-col gap-1 text-[13px] font-medium">
                  <span>
                    Reason <span className="font-normal text-ink-3">(optional, shared with the agent)</span>
                  </span>
                  <textarea
                    rows={2}
                    dir="auto"
                    maxLength={MAX_REASON}
                    value={reason}
                    className="field-sizing-content max-h-48 min-h-16 w-full resize-none rounded-[10px] border border-line-strong bg-surface px-3 py-2 text-sm font-normal pointer-coarse:text-[16px]"
                    onChange={(event) => setReason(event.target.value)}
                    onKeyDown={(event) => {
                      if (event.key !== "Escape") return;
                      event.stopPropagation();
                      open("decide");
                    }}
                  />
                </label>
                <RequestActions>
                  <Button type="submit" variant="ink" aria-disabled={isBusy}>
                    Deny
                  </Button>
                  <Button onClick={() => open("decide")}>Cancel</Button>
                </RequestActions>
              </form>
            ) : (
              <RequestForm className="mt-auto">
                {/* A disabled submit button, so that Enter in the checkbox approves nothing. */}
                <input type="submit" value="Nothing" disabled hidden />
                <RequestActions>
                  <Button
                    type="submit"
                    variant="primary"
                    data-action="approve"
                    aria-describedby={countId}
                    aria-disabled={isBusy}
                    formAction={approve}
                  >
                    {edited ? approveLabel(request, edited.value) : "Approve"}
                  </Button>
                  <Button
                    type="submit"
                    data-action="deny"
                    aria-disabled={isBusy}
                    formAction={() => void (isBusy || open("deny"))}
                  >
                    Deny
                  </Button>
                  {Editor && (
                    <Button
                      type="submit"
                      variant="ghost"
                      data-action="edit"
                      aria-disabled={isBusy}
                      formAction={() => void (isBusy || open("edit"))}
                    >
                      Edit details
                    </Button>
                  )}
                  {edited && (
                    <Button
                      variant="ghost"
                      aria-disabled={isBusy}
                      onClick={() => void (isBusy || resetEdit())}
                    >
                      Undo changes
                    </Button>
                  )}
                  {canAllowTool && (
                    <label className="flex min-h-9 items-center gap-2 text-[13px] text-ink-2 sm:ml-auto pointer-coarse:min-h-11">
                      <input
                        type="checkbox"
                        name="remember"
                        className="size-4 shrink-0 accent-kelp"
                        checked={isRemembered}
                        onChange={(event) => setIsRemembered(event.target.checked)}
                      />
                      Don't ask again in this chat
                    </label>
                  )}
                </RequestActions>
              </RequestForm>
            )}
          </>
        )}
      </div>
    </RequestFrame>
  );
}
