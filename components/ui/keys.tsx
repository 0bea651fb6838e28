import { cn } from "@/lib/utils";

export type KeysProps = Omit<React.ComponentProps<"span">, "children"> & {
  /** Pressed together, as they are written on the keyboard. */
  keys: readonly string[];
};

/** A combination of keys. */
export function Keys({ keys, className, ...props }: KeysProps) {
  return (
    <span data-slot="keys" className={cn("inline-flex gap-1 whitespace-nowrap", className)} {...props}>
      {keys.map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}
