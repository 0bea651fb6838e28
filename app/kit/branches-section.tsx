"use client";

import { useState } from "react";
import type { UIMessage } from "ai";
import { BranchSwitcher } from "@/components/chat/conversation/branch-switcher";
import { EditMessage } from "@/components/chat/conversation/edit-message";
import { MessageActions } from "@/components/chat/conversation/message-actions";
import { Message } from "@/components/chat/conversation/message";
import { MessageList } from "@/components/chat/conversation/message-list";
import { EndingNotice } from "@/components/chat/conversation/ending-notice";
import { ResumeNotice } from "@/components/chat/conversation/resume-notice";
import { UndoRedo } from "@/components/chat/conversation/undo-redo";
import { VersionNotice } from "@/components/chat/conversation/version-notice";
import { Button } from "@/components/ui/button";
import * as samples from "./samples";
import { type SampleTree, useSampleTree } from "./use-sample-tree";
import { ColumnCase } from "./case";

const nothing = () => {};

/** Versions, message actions and the editor; and a small conversation in which all of them work. */
export function BranchesSection() {
  return (
    <>
      <ColumnCase name="Versions">
        <div className="flex flex-wrap items-center gap-6 text-xs text-ink-3">
          <BranchSwitcher index={1} count={3} onNext={nothing} />
          <BranchSwitcher index={2} count={3} onPrevious={nothing} onNext={nothing} />
          <BranchSwitcher index={3} count={3} onPrevious={nothing} />
          <BranchSwitcher index={108} count={250} onPrevious={nothing} onNext={nothing} />
          <UndoRedo onUndo={nothing} />
          <UndoRedo onUndo={nothing} onRedo={nothing} />
          <UndoRedo onRedo={nothing} />
        </div>
        <VersionNotice index={1} count={3} onShow={nothing} />
      </ColumnCase>

      <ColumnCase name="Message actions">
        <div className="flex flex-col gap-7">
          <Message
            message={samples.question}
            actions={
              <MessageActions
                message={samples.question}
                onEdit={nothing}
                onContinue={nothing}
                version={{ index: 2, count: 3, onPrevious: nothing, onNext: nothing }}
              />
            }
          />
          <Message
            message={samples.longChat[1]!}
            actions={
              <MessageActions
                message={samples.longChat[1]!}
                onRegenerate={nothing}
                onContinue={nothing}
                version={{ index: 1, count: 2, onNext: nothing }}
                meta="1,204 tokens · € 0.004"
              />
            }
          />
        </div>
      </ColumnCase>

      <ColumnCase name="Unfinished">
        <ResumeNotice onContinue={nothing} onAskAgain={nothing} onDiscard={nothing} />
        <ResumeNotice onAskAgain={nothing} />
      </ColumnCase>

      <ColumnCase name="How an answer ended">
        <EndingNotice ending="length" onContinue={nothing} onRegenerate={nothing} />
        <EndingNotice ending="steps" maxSteps={12} onContinue={nothing} onRegenerate={nothing} />
        <EndingNotice ending="content-filter" onRegenerate={nothing} />
        <EndingNotice ending="empty" onRegenerate={nothing} />
        <EndingNotice ending="only-thoughts" onRegenerate={nothing} />
      </ColumnCase>

      <ColumnCase name="Editor">
        <EditorCases />
      </ColumnCase>

      <ColumnCase name="Branches">
        <BranchesCase />
      </ColumnCase>
    </>
  );
}

const asked = "Where is order 4417?";

/** Behind a button, because the editor takes the focus when it opens. */
function EditorCases() {
  const [isShown, setIsShown] = useState(false);
  if (!isShown) {
    return (
      <Button className="self-start" onClick={() => setIsShown(true)}>
        Show the editors
      </Button>
    );
  }
  const close = () => setIsShown(false);
  return (
    <div className="flex flex-col gap-7">
      <EditMessage text={asked} onSave={close} onCancel={close} />
      <EditMessage
        text={asked}
        draft="Where is order 4418?"
        error="This message is no longer in the chat. Copy your text, then reload the page."
        onSave={close}
        onCancel={close}
      />
      <EditMessage text={asked} draft="" onSave={close} onCancel={close} />
      <EditMessage text={asked} maxLength={10} onSave={close} onCancel={close} />
    </div>
  );
}

/** Works without a server. An edit that begins with "fail" is refused the first time. */
function BranchesCase() {
  const tree = useSampleTree();
  const [editing, setEditing] = useState<{ id: string; draft?: string; error?: string }>();
  const [hasFailed, setHasFailed] = useState(false);

  function save(message: UIMessage, draft: string) {
    if (draft.startsWith("fail") && !hasFailed) {
      setHasFailed(true);
      // A new key reopens the editor, as after a server's refusal.
      return setEditing({ id: message.id, draft, error: "The server did not answer." });
    }
    setEditing(undefined);
    tree.edit(message.id, draft);
  }

  const history = <UndoRedo onUndo={tree.undo} onRedo={tree.redo} />;
  return (
    <div className="flex h-[520px] max-w-[770px] flex-col overflow-hidden rounded-lg border">
      <MessageList
        messages={tree.messages}
        renderMessage={(message) => (
          <>
            <Message
              message={message}
              actions={<RowActions tree={tree} message={message} onEdit={setEditing} />}
              editor={
                editing?.id === message.id && (
                  <EditMessage
                    key={editing.error ?? ""}
                    text={textOf(message)}
                    draft={editing.draft}
                    error={editing.error}
                    onSave={(draft) => save(message, draft)}
                    onCancel={() => setEditing(undefined)}
                  />
                )
              }
            />
            {tree.earlier?.id === message.id && (
              <VersionNotice
                index={tree.earlier.index}
                count={tree.earlier.count}
                onShow={tree.earlier.show}
              />
            )}
          </>
        )}
        empty={<div className="grid flex-1 place-items-center">{history}</div>}
        footer={<div className="-mr-1.5 flex justify-end">{history}</div>}
      />
    </div>
  );
}

type RowActionsProps = {
  tree: SampleTree;
  message: UIMessage;
  onEdit: (editing: { id: string }) => void;
};

function RowActions({ tree, message, onEdit }: RowActionsProps) {
  const isQuestion = message.role === "user";
  return (
    <MessageActions
      message={message}
      onEdit={isQuestion ? () => onEdit({ id: message.id }) : undefined}
      onRegenerate={isQuestion ? undefined : () => tree.regenerate(message.id)}
      onContinue={isQuestion ? undefined : () => tree.continueFrom(message.id)}
      version={tree.versionOf(message.id)}
    />
  );
}

function textOf(message: UIMessage): string {
  return message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n\n");
}
