import { cn } from "@/lib/utils";

export type ScrollBoxProps = React.ComponentProps<"div"> &
  ({ "aria-label": string } | { "aria-labelledby": string });

/** A scrolling box. It has to be reachable by keyboard, so it needs a name. */
export function ScrollBox({ className, ...props }: ScrollBoxProps) {
  return (
    <div
      data-slot="scroll-box"
      // A landmark (`section`) per code block would hide the real landmarks, and `fieldset` is for fields.
      // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
      role="group"
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      className={cn("overflow-auto -outline-offset-2", className)}
      {...props}
    />
  );
}
