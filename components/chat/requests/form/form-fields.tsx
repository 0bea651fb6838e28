"use client";

import { useEffect, useRef } from "react";
import { Plus, Trash2 } from "lucide-react";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/utils";
import { type Field, type FormDraft, type ListField, type ObjectField, toDraft } from "./form-schema";
import { inputName } from "./form-typed";
import { understood, writeNumber } from "./read-number";
import type { Form } from "./use-form";

const BOX =
  "w-full rounded-[10px] border border-line-strong bg-surface px-3 text-sm aria-invalid:border-red pointer-coarse:text-[16px]";
const LINE = cn(BOX, "h-9 pointer-coarse:h-11");

/** The fields of a form, each with its label, hint and errors. */
export function FormFields({ form }: { form: Form }) {
  return (
    <div data-slot="form-fields" className="flex flex-col gap-4">
      <ErrorSummary form={form} />
      {form.field.kind === "object" ? (
        <Fields form={form} field={form.field} path="" draft={form.draft} onChange={form.change} />
      ) : (
        <Labelled form={form} field={form.field} path="" draft={form.draft} onChange={form.change} />
      )}
    </div>
  );
}

/** Lists every error with a link to its field. It takes the focus, so that screen readers announce it. */
function ErrorSummary({ form }: { form: Form }) {
  const box = useRef<HTMLDivElement>(null);
  const { problems } = form;
  const hasProblems = problems.length > 0;
  useEffect(() => {
    if (hasProblems) box.current?.focus();
  }, [hasProblems]);
  if (!hasProblems) return null;
  return (
    <div
      ref={box}
      data-slot="form-errors"
      role="alert"
      tabIndex={-1}
      className="rounded-[10px] border border-red-line bg-red-soft px-3 py-2.5 text-sm"
    >
      <p className="font-medium text-red">
        {problems.length === 1
          ? "One field needs a correction."
          : `${problems.length} fields need a correction.`}
      </p>
      <ul className="mt-1 flex flex-col items-start">
        {problems.map(({ path, label, message }) => (
          <li key={`${path} ${message}`}>
            <button
              type="button"
              className="text-left wrap-anywhere underline decoration-red-line underline-offset-3 pointer-coarse:min-h-11"
              onClick={() => document.getElementById(idOf(form, path))?.focus()}
            >
              {label}: {message}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

type FieldProps<F extends Field = Field> = {
  form: Form;
  field: F;
  path: string;
  draft: FormDraft;
  onChange: (draft: FormDraft) => void;
};

function Fields({ form, field, path, draft, onChange }: FieldProps<ObjectField>) {
  const values = typeof draft === "object" && !Array.isArray(draft) ? draft : {};
  return field.fields.map((each) => (
    <Labelled
      key={each.key}
      form={form}
      field={each}
      path={path ? `${path}.${each.key}` : each.key}
      draft={Object.hasOwn(values, each.key) ? (values[each.key] ?? "") : ""}
      onChange={(next) => onChange({ ...values, [each.key]: next })}
    />
  ));
}

function Labelled({ form, field, path, draft, onChange }: FieldProps) {
  if (field.kind === "object" || field.kind === "list") {
    return (
      <fieldset
        id={idOf(form, path)}
        tabIndex={-1}
        data-slot="form-group"
        aria-describedby={describedBy(form, field, path)}
        className="flex min-w-0 flex-col gap-3 rounded-[10px] border px-3 pt-1 pb-3"
      >
        <legend className="px-1 text-[13px] font-medium">
          {field.label}
          <Optional field={field} />
        </legend>
        <Hint form={form} field={field} path={path} />
        {field.kind === "object" ? (
          <Fields form={form} field={field} path={path} draft={draft} onChange={onChange} />
        ) : (
          <Items form={form} field={field} path={path} draft={draft} onChange={onChange} />
        )}
        <Problem form={form} path={path} />
      </fieldset>
    );
  }
  if (field.kind === "boolean") {
    return (
      <div data-slot="form-field" className="flex flex-col gap-1">
        <label className="flex min-h-6 items-center gap-2.5 text-sm pointer-coarse:min-h-11">
          <input
            id={idOf(form, path)}
            name={inputName(path)}
            type="checkbox"
            className="size-4 shrink-0 accent-kelp"
            checked={draft === true}
            aria-describedby={describedBy(form, field, path)}
            onChange={(event) => onChange(event.target.checked)}
          />
          {field.label}
        </label>
        <Hint form={form} field={field} path={path} />
      </div>
    );
  }
  return (
    <div data-slot="form-field" className="flex min-w-0 flex-col gap-1">
      <label htmlFor={idOf(form, path)} className="text-[13px] font-medium">
        {field.label}
        <Optional field={field} />
      </label>
      <Hint form={form} field={field} path={path} />
      <Input form={form} field={field} path={path} draft={draft} onChange={onChange} />
      <Problem form={form} path={path} />
    </div>
  );
}

type InputField = Exclude<Field, { kind: "object" | "list" | "boolean" }>;

function Input({ form, field, path, draft, onChange }: FieldProps<InputField>) {
  const common = {
    id: idOf(form, path),
    name: inputName(path),
    value:
      typeof draft === "number" ? writeNumber(draft, form.locale) : typeof draft === "string" ? draft : "",
    "aria-required": (field.isRequired && !field.isNullable) || undefined,
    "aria-invalid": problemAt(form, path) !== undefined || undefined,
    "aria-describedby": describedBy(form, field, path),
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>) =>
      onChange(event.target.value),
  };
  switch (field.kind) {
    case "text":
      return field.isLong || common.value.includes("\n") ? (
        <textarea
          rows={3}
          dir="auto"
          className={cn(BOX, "field-sizing-content max-h-60 min-h-20 py-2")}
          {...common}
        />
      ) : (
        <input
          type={field.format === "email" ? "email" : field.format === "uri" ? "url" : "text"}
          dir="auto"
          className={LINE}
          {...common}
        />
      );
    case "number":
      // Avoids type="number", which hides unparsable text and changes its value on scroll.
      return (
        <>
          <input
            type="text"
            inputMode={field.isInteger && (field.min ?? -1) >= 0 ? "numeric" : "decimal"}
            className={cn(LINE, "max-w-48 tabular-nums")}
            {...common}
          />
          <output
            htmlFor={common.id}
            data-slot="form-understood"
            className="text-xs text-ink-2 tabular-nums empty:hidden"
          >
            {typeof draft === "string" && understood(draft, form.locale)}
          </output>
        </>
      );
    case "date":
      return (
        <input
          type={field.hasTime ? "datetime-local" : "date"}
          className={cn(LINE, "max-w-60")}
          {...common}
        />
      );
    case "choice":
      return (
        <select className={LINE} {...common}>
          {(common.value === "" || !field.isRequired) && (
            <option value="">{field.isRequired ? "Choose…" : "None"}</option>
          )}
          {field.options.map((option, index) => (
            <option key={index} value={String(index)}>
              {option.label}
            </option>
          ))}
        </select>
      );
    case "json":
      return (
        <textarea
          rows={4}
          spellCheck={false}
          className={cn(BOX, "field-sizing-content max-h-80 min-h-24 py-2 font-mono text-[13px]")}
          {...common}
        />
      );
  }
}

function Items({ form, field, path, draft, onChange }: FieldProps<ListField>) {
  const items = Array.isArray(draft) ? draft : [];
  const list = useRef<HTMLDivElement>(null);
  const focusNext = useRef<number | null>(null);
  useEffect(() => {
    if (focusNext.current === null) return;
    const rows = list.current?.querySelectorAll(":scope > [data-slot=form-item]");
    const row = rows?.[focusNext.current] ?? list.current;
    row?.querySelector<HTMLElement>("input, textarea, select, button")?.focus();
    focusNext.current = null;
  });

  return (
    <div ref={list} className="flex flex-col gap-3">
      {items.map((item, index) => (
        // An item has no name, only a position.
        <div key={index} data-slot="form-item" className="flex items-start gap-2">
          <div className="flex min-w-0 flex-1 flex-col gap-3">
            <Labelled
              form={form}
              field={{ ...field.item, label: `${field.label}, item ${index + 1}` }}
              path={`${path}.${index}`}
              draft={item}
              onChange={(next) => onChange(items.with(index, next))}
            />
          </div>
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Remove ${field.label.toLowerCase()}, item ${index + 1}`}
            className="mt-6"
            onClick={() => {
              focusNext.current = Math.max(0, index - 1);
              onChange(items.toSpliced(index, 1));
            }}
          >
            <Trash2 aria-hidden />
          </Button>
        </div>
      ))}
      {items.length < field.maxItems ? (
        <Button
          size="sm"
          className="self-start"
          onClick={() => {
            focusNext.current = items.length;
            onChange([...items, toDraft(field.item, undefined)]);
          }}
        >
          <Plus aria-hidden /> Add to {field.label.toLowerCase()}
        </Button>
      ) : (
        <p className="text-xs text-ink-3">Maximum reached: {field.maxItems}.</p>
      )}
    </div>
  );
}

function Optional({ field }: { field: Field }) {
  return field.isRequired && !field.isNullable ? null : (
    <span className="font-normal text-ink-3"> · optional</span>
  );
}

function Hint({ form, field, path }: { form: Form; field: Field; path: string }) {
  return field.hint ? (
    <p id={`${idOf(form, path)}-hint`} className="text-xs text-ink-3">
      {field.hint}
    </p>
  ) : null;
}

function Problem({ form, path }: { form: Form; path: string }) {
  const problem = problemAt(form, path);
  return problem ? (
    <p id={`${idOf(form, path)}-problem`} data-slot="form-problem" className="text-xs text-red">
      {problem.message}
    </p>
  ) : null;
}

function problemAt(form: Form, path: string) {
  return form.problems.find((problem) => problem.path === path);
}

function describedBy(form: Form, field: Field, path: string) {
  const id = idOf(form, path);
  return cn(field.hint && `${id}-hint`, problemAt(form, path) && `${id}-problem`) || undefined;
}

function idOf(form: Form, path: string) {
  return `${form.id}-${path}`;
}
