"use client";

import { ApprovalCard } from "./approval-card";
import { ConfirmCard } from "./confirm-card";
import { FormCard } from "./form/form-card";
import { QuestionCard, type RequestCardProps } from "./question-card";

/** Whatever waits for a person, by its kind; and what became of it. */
export function RequestCard(props: RequestCardProps) {
  switch (props.request.kind) {
    case "question":
      return <QuestionCard {...props} />;
    case "approval":
      return <ApprovalCard {...props} />;
    case "form":
      return <FormCard {...props} />;
    case "confirm":
      return <ConfirmCard {...props} />;
  }
}
