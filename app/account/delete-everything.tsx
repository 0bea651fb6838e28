"use client";

import { useState } from "react";
import { forgetEverything } from "@/components/chat/shared/browser-storage";
import { Button } from "@/components/ui/button";
import { Dialog, DialogClose, DialogContent, DialogTrigger } from "@/components/ui/dialog";
import { describeError } from "@/app/(chat)/_chat/actions/expected-error";
import { deleteEverything } from "./actions";
import { DELETE_EVERYTHING_PHRASE } from "./delete-phrase";

/** Asks to type a phrase, because this can't be undone. */
export function DeleteEverything() {
  const [typed, setTyped] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const isConfirmed = typed.trim().toLowerCase() === DELETE_EVERYTHING_PHRASE;

  async function submit(event: React.FormEvent) {
    event.preventDefault();
    if (!isConfirmed || isBusy) return;
    setIsBusy(true);
    setProblem(null);
    try {
      await deleteEverything(DELETE_EVERYTHING_PHRASE);
      forgetEverything();
      window.location.assign("/");
    } catch (error) {
      setProblem(describeError(error));
      setIsBusy(false);
    }
  }

  return (
    <Dialog onOpenChange={() => setTyped("")}>
      <DialogTrigger asChild>
        <Button className="border-red-line text-red hover:bg-red-soft">Delete everything…</Button>
      </DialogTrigger>
      <DialogContent
        title="Delete everything?"
        description="This deletes every chat and branch, every attached file, every shared link, every API key and your settings. This can't be undone. Export your chats first if you're unsure."
      >
        <form className="flex flex-col gap-3" onSubmit={(event) => void submit(event)}>
          <label className="flex flex-col gap-1.5 text-sm text-ink-2">
            <span>
              Type <strong className="font-medium text-ink">{DELETE_EVERYTHING_PHRASE}</strong> to continue
            </span>
            <input
              value={typed}
              autoComplete="off"
              className="h-9 rounded-sm border border-line-strong bg-surface px-2.5 text-ink pointer-coarse:h-11 pointer-coarse:text-base"
              onChange={(event) => setTyped(event.target.value)}
            />
          </label>
          {problem && (
            <p role="alert" className="text-sm text-red">
              {problem}
            </p>
          )}
          <div className="flex justify-end gap-2">
            <DialogClose asChild>
              <Button variant="ghost">Keep everything</Button>
            </DialogClose>
            <Button
              type="submit"
              disabled={!isConfirmed || isBusy}
              className="border-red bg-red text-surface hover:bg-red/90"
            >
              {isBusy ? "Deleting…" : "Delete everything"}
            </Button>
          </div>
        </form>
      </DialogContent>
    </Dialog>
  );
}
