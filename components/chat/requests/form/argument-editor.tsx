"use client";

import { Button } from "@/components/ui/button";
import type { ArgumentEditorProps } from "../approval-card";
import { RequestActions } from "../request-frame";
import { FormFields } from "./form-fields";
import { useForm } from "./use-form";

/** The proposed arguments as a form. Typed text is kept while the editor is closed. */
export function ArgumentEditor({ request, onReview, onCancel }: ArgumentEditorProps) {
  const form = useForm(request, request.input);
  return (
    <form
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        const checked = form.check();
        if (checked) onReview(checked.value);
      }}
    >
      <FormFields form={form} />
      <RequestActions>
        <Button type="submit" variant="primary">
          Review changes
        </Button>
        <Button onClick={onCancel}>Cancel</Button>
      </RequestActions>
    </form>
  );
}
