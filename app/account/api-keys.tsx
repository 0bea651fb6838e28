"use client";

import Link from "next/link";
import { useRef, useState, useSyncExternalStore } from "react";
import { useFocusRestore } from "@/components/chat/shared/use-focus-restore";
import { Button } from "@/components/ui/button";
import { CopyField } from "@/components/ui/copy-field";
import { Dialog, DialogClose, DialogContent } from "@/components/ui/dialog";
import { apiScopes, keyLifetimes, scopeNames, type ApiScope } from "@/lib/api-keys/scopes";
import type { ApiKeySummary } from "@/lib/api-keys/keys";
import { describeError } from "@/app/(chat)/_chat/actions/expected-error";
import { createApiKey, revokeApiKey } from "./api-key-actions";

const field =
  "h-9 w-full rounded-sm border border-line-strong bg-surface px-2.5 text-ink pointer-coarse:h-11 pointer-coarse:text-base";

/** A person's keys for the API: creating, listing and revoking them. */
export function ApiKeys({ initial }: { initial: ApiKeySummary[] }) {
  const [keys, setKeys] = useState(initial);
  const [token, setToken] = useState<string | null>(null);
  const [isCreating, setIsCreating] = useState(false);
  const [revoking, setRevoking] = useState<ApiKeySummary | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const focusRestore = useFocusRestore(list);
  // A press before hydration would be lost.
  const isReady = useSyncExternalStore(
    () => () => {},
    () => true,
    () => false,
  );

  return (
    <div ref={list} tabIndex={-1} className="flex flex-col gap-3 outline-none" {...focusRestore}>
      <p className="text-sm text-ink-2">
        A key lets a program use your chats.{" "}
        <Link
          href="/docs/server-chat"
          prefetch={false}
          className="underline decoration-kelp-line underline-offset-3 hover:text-ink"
        >
          How to use it
        </Link>
      </p>
      {keys.length > 0 && <KeyList keys={keys} isReady={isReady} onRevoke={setRevoking} />}
      <Button
        className="self-start"
        aria-haspopup="dialog"
        disabled={!isReady}
        onClick={() => setIsCreating(true)}
      >
        Create API key…
      </Button>
      <Dialog
        open={isCreating}
        onOpenChange={(isOpen) => {
          setIsCreating(isOpen);
          if (!isOpen) setToken(null);
        }}
      >
        {token === null ? (
          <DialogContent title="Create API key" description="Give it only the permissions that it needs.">
            <NewKeyForm
              onCreated={(made, key) => {
                setToken(made);
                setKeys((all) => [key, ...all]);
              }}
            />
          </DialogContent>
        ) : (
          <DialogContent
            title="Your new API key"
            description="Copy it now. You won't be able to see it again."
            // A press beside the dialog must not lose the only copy.
            onInteractOutside={(event) => event.preventDefault()}
          >
            <CopyField label="API key" copyLabel="Copy API key" value={token} />
            <p className="text-sm text-ink-2">
              Keep it where only your program can read it. Anyone who has it can use your chats.
            </p>
            <DialogClose asChild>
              <Button variant="primary" className="self-end">
                Done
              </Button>
            </DialogClose>
          </DialogContent>
        )}
      </Dialog>
      <RevokeDialog
        apiKey={revoking}
        onClose={() => setRevoking(null)}
        onRevoked={(id) =>
          setKeys((all) => all.map((key) => (key.id === id ? { ...key, revokedAt: new Date() } : key)))
        }
      />
    </div>
  );
}

function NewKeyForm({ onCreated }: { onCreated: (token: string, key: ApiKeySummary) => void }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<ApiScope[]>([...scopeNames]);
  const [days, setDays] = useState<number | null>(90);
  const [problem, setProblem] = useState<{ text: string; field?: string } | null>(null);
  const [isBusy, setIsBusy] = useState(false);

  async function submit(event: React.FormEvent) {
    event.preventDefault();
    if (isBusy) return;
    setIsBusy(true);
    setProblem(null);
    try {
      const outcome = await createApiKey({ name, scopes, expiresInDays: days });
      if (outcome.ok) return onCreated(outcome.token, outcome.key);
      setProblem({ text: outcome.problem, ...(outcome.field !== undefined && { field: outcome.field }) });
    } catch (error) {
      setProblem({ text: describeError(error) });
    }
    setIsBusy(false);
  }

  return (
    <form noValidate className="flex flex-col gap-4 text-sm" onSubmit={(event) => void submit(event)}>
      <label className="flex flex-col gap-1.5 text-ink-2">
        Name
        <input
          value={name}
          autoComplete="off"
          placeholder="Nightly report"
          aria-invalid={problem?.field === "name"}
          aria-describedby={problem?.field === "name" ? "new-key-problem" : undefined}
          className={field}
          onChange={(event) => setName(event.target.value)}
        />
      </label>
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-1.5 text-ink-2">Permissions</legend>
        {scopeNames.map((scope) => (
          <label key={scope} className="flex cursor-pointer items-start gap-2.5 pointer-coarse:py-2">
            <input
              type="checkbox"
              checked={scopes.includes(scope)}
              className="mt-0.5 size-4 accent-kelp"
              onChange={({ target }) =>
                setScopes((all) => (target.checked ? [...all, scope] : all.filter((each) => each !== scope)))
              }
            />
            <span>
              {apiScopes[scope]} <code className="block font-mono text-xs text-ink-3">{scope}</code>
            </span>
          </label>
        ))}
      </fieldset>
      <label className="flex flex-col gap-1.5 text-ink-2">
        Expires
        <select
          value={days ?? ""}
          className={field}
          onChange={({ target }) => setDays(target.value === "" ? null : Number(target.value))}
        >
          {keyLifetimes.map((lifetime) => (
            <option key={lifetime} value={lifetime ?? ""}>
              {lifetime === null ? "Never" : lifetime === 365 ? "In a year" : `In ${lifetime} days`}
            </option>
          ))}
        </select>
      </label>
      {problem && (
        <p id="new-key-problem" role="alert" className="text-red">
          {problem.text}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <DialogClose asChild>
          <Button variant="ghost">Cancel</Button>
        </DialogClose>
        <Button type="submit" variant="primary" disabled={isBusy}>
          {isBusy ? "Creating…" : "Create key"}
        </Button>
      </div>
    </form>
  );
}

const dates = new Intl.DateTimeFormat("en", { dateStyle: "medium" });

type KeyListProps = { keys: ApiKeySummary[]; isReady: boolean; onRevoke: (key: ApiKeySummary) => void };

function KeyList({ keys, isReady, onRevoke }: KeyListProps) {
  return (
    <ul aria-label="API keys" className="flex flex-col divide-y rounded-md border">
      {keys.map((key) => {
        const ended = endOf(key);
        return (
          <li key={key.id} className="flex flex-wrap items-center gap-x-3 gap-y-2 py-2.5 pr-2 pl-3 text-sm">
            <span className="flex min-w-0 flex-1 basis-56 flex-col gap-0.5">
              <span className="flex min-w-0 flex-wrap items-baseline gap-x-2">
                <span className="min-w-0 truncate font-medium" dir="auto">
                  {key.name}
                </span>
                <code className="font-mono text-xs text-ink-3">{key.prefix}…</code>
              </span>
              <span className="text-xs text-ink-2">{key.scopes.join(", ")}</span>
              <span className="text-xs text-ink-3" suppressHydrationWarning>
                {[
                  ended ?? (key.expiresAt ? `Expires ${dates.format(key.expiresAt)}` : "Doesn't expire"),
                  key.lastUsedAt ? `Last used ${dates.format(key.lastUsedAt)}` : "Never used",
                ].join(" · ")}
              </span>
            </span>
            {ended === null && (
              <Button
                size="sm"
                disabled={!isReady}
                aria-label={`Revoke ${key.name}`}
                onClick={() => onRevoke(key)}
              >
                Revoke…
              </Button>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function endOf({ revokedAt, expiresAt }: ApiKeySummary): string | null {
  if (revokedAt) return `Revoked ${dates.format(revokedAt)}`;
  return expiresAt && expiresAt.getTime() <= Date.now() ? `Expired ${dates.format(expiresAt)}` : null;
}

type RevokeDialogProps = {
  apiKey: ApiKeySummary | null;
  onClose: () => void;
  onRevoked: (id: string) => void;
};

function RevokeDialog({ apiKey, onClose, onRevoked }: RevokeDialogProps) {
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const close = () => {
    setProblem(null);
    onClose();
  };

  async function revoke(id: string) {
    setIsBusy(true);
    setProblem(null);
    try {
      await revokeApiKey(id);
      onRevoked(id);
      close();
    } catch (error) {
      setProblem(describeError(error));
    }
    setIsBusy(false);
  }

  return (
    <Dialog open={apiKey !== null} onOpenChange={(isOpen) => !isOpen && close()}>
      {apiKey && (
        <DialogContent
          title={`Revoke ${apiKey.name}?`}
          description="Programs that use this key stop working at once. This can't be undone. Your chats stay."
        >
          {problem && (
            <p role="alert" className="text-sm text-red">
              {problem}
            </p>
          )}
          <div className="flex justify-end gap-2">
            <DialogClose asChild>
              <Button variant="ghost">Keep key</Button>
            </DialogClose>
            <Button
              disabled={isBusy}
              className="border-red bg-red text-surface hover:bg-red/90"
              onClick={() => void revoke(apiKey.id)}
            >
              {isBusy ? "Revoking…" : "Revoke key"}
            </Button>
          </div>
        </DialogContent>
      )}
    </Dialog>
  );
}
