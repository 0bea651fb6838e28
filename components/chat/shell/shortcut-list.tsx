"use client";

import { Fragment } from "react";
import { Keys } from "@/components/ui/keys";
import { cn } from "@/lib/utils";
import { useModifierName } from "../shared/modifier-key";
import type { ShortcutGroup } from "./shortcuts";

export type ShortcutListProps = Omit<React.ComponentProps<"div">, "children"> & { groups: ShortcutGroup[] };

/** Shortcuts and what they do, grouped by where they work. */
export function ShortcutList({ groups, className, ...props }: ShortcutListProps) {
  const modifier = useModifierName();
  const named = (keys: readonly string[]) => keys.map((key) => (key === "Mod" ? modifier : key));
  return (
    <div data-slot="shortcut-list" className={cn("flex flex-col gap-5 text-sm", className)} {...props}>
      {groups.map(({ heading, shortcuts }) => (
        <div key={heading} className="flex flex-col gap-1.5">
          <h3 className="text-xs text-ink-3">{heading}</h3>
          <dl className="grid grid-cols-[minmax(0,1fr)_max-content] gap-x-4 gap-y-1.5">
            {shortcuts.map(({ keys, or, meaning }) => (
              <Fragment key={meaning}>
                <dt className="text-ink-2">{meaning}</dt>
                <dd className="flex items-center justify-end gap-1.5">
                  <Keys keys={named(keys)} />
                  {or && <Keys keys={named(or)} />}
                </dd>
              </Fragment>
            ))}
          </dl>
        </div>
      ))}
    </div>
  );
}
