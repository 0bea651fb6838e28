import type { ReactNode } from "react";
import { cn } from "@/lib/utils";

/** One state of a component with its name. The kit's screenshots show these. */
export function Case({ name, children }: { name: string; children: ReactNode }) {
  return (
    // Not a landmark: there would be too many to navigate.
    // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
    <div role="group" aria-label={name} data-case className="flex flex-col gap-4">
      <h2 className="text-xs text-ink-3">{name}</h2>
      {children}
    </div>
  );
}

/** Has the width of a conversation. */
export function Column({ className, children }: { className?: string; children: ReactNode }) {
  return <div className={cn("flex w-full max-w-[720px] flex-col gap-7", className)}>{children}</div>;
}

/** A case with the width of a conversation. */
export function ColumnCase({
  name,
  className,
  children,
}: {
  name: string;
  className?: string;
  children: ReactNode;
}) {
  return (
    <Case name={name}>
      <Column className={className}>{children}</Column>
    </Case>
  );
}
