import type { ReactNode } from "react";
import { cn } from "@/lib/utils";

/** One state of a component under its name. The pictures of the kit are taken of these. */
export function Case({ name, children }: { name: string; children: ReactNode }) {
  return (
    // Not a landmark: there are too many to walk through.
    // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
    <div role="group" aria-label={name} data-case className="flex flex-col gap-4">
      <h2 className="text-xs text-ink-3">{name}</h2>
      {children}
    </div>
  );
}

/** As wide as a conversation. */
export function Column({ className, children }: { className?: string; children: ReactNode }) {
  return <div className={cn("flex w-full max-w-[720px] flex-col gap-7", className)}>{children}</div>;
}

/** A case whose content is as wide as a conversation. */
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
