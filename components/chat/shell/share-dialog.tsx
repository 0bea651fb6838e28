"use client";

import { useState } from "react";
import { Link2 } from "lucide-react";
import { Button } from "@/components/ui/button";
import { CopyField } from "@/components/ui/copy-field";
import { Dialog, DialogContent } from "@/components/ui/dialog";

export type ShareLink = { id: string; createdAt: string | number | Date };

export type ShareDialogProps = {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  /** The existing links; undefined while loading. */
  links?: ShareLink[];
  /** Creates a link and resolves with its address. Rejects with a sentence for the person. */
  onCreate: () => Promise<string>;
  /** Rejects with a sentence for the person. */
  onRevoke: (id: string) => Promise<void>;
};

/** Creates, lists and revokes read-only links to the shown branch. */
export function ShareDialog({ isOpen, onOpenChange, links, onCreate, onRevoke }: ShareDialogProps) {
  const [address, setAddress] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);

  async function attempt(work: () => Promise<void>) {
    setIsBusy(true);
    setProblem(null);
    try {
      await work();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setIsBusy(false);
    }
  }

  return (
    <Dialog open={isOpen} onOpenChange={onOpenChange}>
      <DialogContent
        data-slot="share-dialog"
        title="Share this branch"
        description="Anyone with the link can read this conversation as it is now. Your name and later messages aren't included."
      >
        {address === null ? (
          <Button
            variant="primary"
            className="self-start"
            disabled={isBusy}
            onClick={() => void attempt(async () => setAddress(await onCreate()))}
          >
            <Link2 aria-hidden />
            Create link
          </Button>
        ) : (
          <div className="flex flex-col gap-1.5">
            <CopyField label="Link" copyLabel="Copy link" value={address} />
            <output className="text-xs text-ink-3">Copy it now. You won't be able to see it again.</output>
          </div>
        )}
        {problem && (
          <p role="alert" className="text-sm text-red">
            {problem}
          </p>
        )}
        {links && links.length > 0 && (
          <ShareLinks
            links={links}
            isBusy={isBusy}
            onRevoke={(id) =>
              void attempt(async () => {
                await onRevoke(id);
                setAddress(null);
              })
            }
          />
        )}
      </DialogContent>
    </Dialog>
  );
}

export type ShareLinksProps = {
  links: Array<ShareLink & { title?: string }>;
  onRevoke: (id: string) => void;
  isBusy?: boolean;
};

const day = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

/** The active links. */
export function ShareLinks({ links, onRevoke, isBusy = false }: ShareLinksProps) {
  return (
    <ul data-slot="share-links" aria-label="Links" className="flex flex-col divide-y rounded-md border">
      {links.map(({ id, title, createdAt }) => {
        const made = day.format(new Date(createdAt));
        return (
          <li key={id} className="flex items-center gap-3 py-2 pr-2 pl-3 text-sm">
            <span className="min-w-0 flex-1">
              {title && (
                <span className="block truncate" dir="auto">
                  {title}
                </span>
              )}
              <span className="block truncate text-xs text-ink-3" suppressHydrationWarning>
                Created {made}
              </span>
            </span>
            <Button
              size="sm"
              disabled={isBusy}
              aria-label={`Revoke the link ${title ? `to ${title}, ` : ""}created ${made}`}
              suppressHydrationWarning
              onClick={() => onRevoke(id)}
            >
              Revoke
            </Button>
          </li>
        );
      })}
    </ul>
  );
}
