"use client";

import { useMemo, useRef } from "react";
import { Button } from "@/components/ui/button";
import { FormFields } from "./form-fields";
import { readDefaults } from "./form-schema";
import type { RequestCardProps } from "../request";
import { RequestActions, RequestForm, RequestFrame } from "../request-frame";
import { useDecision } from "../use-decision";
import { useForm } from "./use-form";

/** A form for the agent, built from the schema of its answer. */
export function FormCard({ request, onDecide, settled }: RequestCardProps) {
  const decision = useDecision(onDecide);
  const defaults = useMemo(() => readDefaults(request.schema), [request.schema]);
  const element = useRef<HTMLFormElement>(null);
  const form = useForm(request, defaults, element);
  const isBusy = decision.phase !== "open";
  return (
    <RequestFrame request={request} decision={decision} settled={settled}>
      <RequestForm
        ref={element}
        className="flex flex-col gap-4 pt-1"
        action={(inputs: FormData) => {
          const filled = form.check(inputs);
          if (filled) void decision.decide({ type: "answer", output: filled.value });
        }}
      >
        <FormFields form={form} />
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
