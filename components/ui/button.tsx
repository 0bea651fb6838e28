import { cn } from "@/lib/utils";

const base =
  "inline-flex shrink-0 items-center justify-center gap-2 rounded-[10px] text-sm font-medium whitespace-nowrap select-none aria-disabled:opacity-45 disabled:opacity-45 [&_svg]:size-4 [&_svg]:shrink-0";

const variants = {
  primary: "bg-kelp text-kelp-ink hover:bg-kelp/90",
  outline: "border border-line-strong bg-surface text-ink hover:bg-raised",
  ghost: "text-ink-2 hover:bg-raised hover:text-ink",
  ink: "bg-ink text-surface hover:bg-ink/85",
};

const sizes = {
  sm: "h-7 rounded-sm px-2.5 text-[13px] pointer-coarse:h-11 pointer-coarse:px-3.5",
  md: "h-9 px-3.5 pointer-coarse:h-11",
  icon: "size-8 rounded-sm pointer-coarse:size-11",
  "icon-sm": "size-[26px] rounded-[6px] pointer-coarse:size-11 [&_svg]:size-[15px]",
};

export type ButtonProps = React.ComponentProps<"button"> & {
  variant?: keyof typeof variants;
  size?: keyof typeof sizes;
};

export function Button({
  variant = "outline",
  size = "md",
  type = "button",
  className,
  ...props
}: ButtonProps) {
  return (
    <button
      data-slot="button"
      type={type}
      className={cn(base, variants[variant], sizes[size], className)}
      {...props}
    />
  );
}

/** The same look for a link: `<a className={buttonClass({ variant: "primary" })}>`. */
export function buttonClass({
  variant = "outline",
  size = "md",
  className,
}: Pick<ButtonProps, "variant" | "size" | "className"> = {}) {
  return cn(base, variants[variant], sizes[size], className);
}
