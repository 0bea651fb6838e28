import { ChevronDown } from "lucide-react";
import { cn } from "@/lib/utils";

export type ModelOption = { id: string; label: string };

export type ModelPickerProps = {
  /** The configured models; the first is the default. */
  models: ModelOption[];
  /** The chat's model. A model that isn't configured is replaced by the default. */
  value?: string | null;
  onChange: (id: string) => void;
  className?: string;
};

/** Chooses the model for the next answer. A native select works with every keyboard, screen reader and phone. */
export function ModelPicker({ models, value, onChange, className }: ModelPickerProps) {
  const [standard] = models;
  const chosen = models.find((model) => model.id === value) ?? standard;
  const face = "min-w-0 truncate px-2 text-[13px] text-ink-2";
  if (!chosen) return <span className={face}>No model is configured</span>;
  if (models.length === 1) {
    return (
      <span data-slot="model-picker" className={cn(face, className)}>
        {chosen.label}
      </span>
    );
  }
  return (
    <span data-slot="model-picker" className={cn("relative flex min-w-0 items-center", className)}>
      <select
        aria-label="Model"
        title="Model for the next answer"
        value={chosen.id}
        onChange={(event) => onChange(event.currentTarget.value)}
        className="field-sizing-content h-8 max-w-full min-w-0 cursor-pointer appearance-none truncate rounded-sm bg-surface pr-7 pl-2 text-[13px] text-ink-2 hover:bg-raised hover:text-ink pointer-coarse:h-11 pointer-coarse:text-[16px]"
      >
        {models.map((model) => (
          <option key={model.id} value={model.id}>
            {model.label}
            {model === standard ? " (default)" : ""}
          </option>
        ))}
      </select>
      <ChevronDown aria-hidden className="pointer-events-none absolute right-2 size-3.5 text-ink-3" />
    </span>
  );
}
