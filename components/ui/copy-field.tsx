import { CopyButton } from "./copy-button";

export type CopyFieldProps = {
  /** The name of the field for screen readers, such as "Link". */
  label: string;
  copyLabel: string;
  value: string;
};

/** A value that can be read, selected and copied, but not edited. */
export function CopyField({ label, copyLabel, value }: CopyFieldProps) {
  return (
    <div className="flex items-center gap-2">
      <input
        readOnly
        value={value}
        aria-label={label}
        className="h-9 min-w-0 flex-1 rounded-sm border bg-code px-2.5 font-mono text-xs text-ink pointer-coarse:h-11"
        onFocus={(event) => event.target.select()}
      />
      <CopyButton text={value} label={copyLabel} size="icon" />
    </div>
  );
}
