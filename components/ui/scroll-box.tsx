import { cn } from "@/lib/utils";

export type ScrollBoxProps = React.ComponentProps<"div"> &
  ({ "aria-label": string } | { "aria-labelledby": string });

/** Content that scrolls by itself. A box that scrolls must be reachable by keyboard, and then it needs a name. */
export function ScrollBox({ className, ...props }: ScrollBoxProps) {
  return (
    <div
      data-slot="scroll-box"
      // A landmark (`section`) per code block would drown the real ones, and `fieldset` is for fields.
      // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
      role="group"
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      className={cn("overflow-auto -outline-offset-2", className)}
      {...props}
    />
  );
}
