import { cn } from "@/lib/utils";

/** The logo, a frond of kelp. Decorative: the name is next to it. */
export function Frond({ className, ...props }: React.ComponentProps<"span">) {
  return (
    <span
      data-slot="frond"
      aria-hidden
      className={cn(
        "grid size-[22px] shrink-0 place-items-center rounded-[7px] bg-kelp text-kelp-ink",
        className,
      )}
      {...props}
    >
      <svg
        viewBox="0 0 24 24"
        className="size-[73%] fill-none stroke-current stroke-[1.75]"
        strokeLinecap="round"
        strokeLinejoin="round"
      >
        <path d="M12 22V4M12 8c-3 0-5-2-5-5 3 0 5 2 5 5zM12 13c3 0 5-2 5-5-3 0-5 2-5 5zM12 18c-3 0-5-2-5-5 3 0 5 2 5 5z" />
      </svg>
    </span>
  );
}
