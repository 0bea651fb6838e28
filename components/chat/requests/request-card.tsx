"use client";

import { ApprovalCard } from "./approval-card";
import { ConfirmCard } from "./confirm-card";
import { ArgumentEditor } from "./form/argument-editor";
import { FormCard } from "./form/form-card";
import { QuestionCard } from "./question-card";
import type { RequestCardProps } from "./request";
import { settledView } from "./settled-request";

/** The card of a request, by its kind and state. */
export function RequestCard(shown: Omit<RequestCardProps, "settled">) {
  const props = { ...shown, settled: settledView(shown.request) };
  switch (props.request.kind) {
    case "question":
      return <QuestionCard {...props} />;
    case "approval":
      return <ApprovalCard {...props} Editor={ArgumentEditor} />;
    case "form":
      return <FormCard {...props} />;
    case "confirm":
      return <ConfirmCard {...props} />;
  }
}
