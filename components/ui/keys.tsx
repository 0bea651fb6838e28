import { cn } from "@/lib/utils";

export type KeysProps = Omit<React.ComponentProps<"span">, "children"> & {
  /** The keys that are pressed together, as labeled on the keyboard. */
  keys: readonly string[];
};

/** A keyboard shortcut. */
export function Keys({ keys, className, ...props }: KeysProps) {
  return (
    <span data-slot="keys" className={cn("inline-flex gap-1 whitespace-nowrap", className)} {...props}>
      {keys.map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}
