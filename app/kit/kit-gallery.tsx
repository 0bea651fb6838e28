"use client";

import { useState } from "react";
import type { UIMessage } from "ai";
import Link from "next/link";
import { Check, Copy, GitFork, Pencil, RotateCcw } from "lucide-react";
import { ChatChip, ChatDock, ChatShell } from "@/components/chat/shell/chat-shell";
import { Composer } from "@/components/chat/composer/composer";
import { FirstRun } from "@/components/chat/conversation/first-run";
import { Markdown } from "@/components/chat/markdown/markdown";
import { MarkdownOptions } from "@/components/chat/markdown/options";
import { Message } from "@/components/chat/conversation/message";
import { MessageList } from "@/components/chat/conversation/message-list";
import { Reasoning } from "@/components/chat/tools/reasoning";
import { ToolCard } from "@/components/chat/tools/tool-card";
import { TurnStatus, turnStates } from "@/components/chat/conversation/turn-status";
import type { TurnState } from "@/components/chat/durable/turn-state";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { ThemeToggle } from "@/components/ui/theme-toggle";
import { AllowedToolsSection } from "./allowed-tools-section";
import { BranchesSection } from "./branches-section";
import { CodeRunSection } from "./code-run-section";
import { CommandsSection } from "./commands-section";
import { ComposerSection } from "./composer-section";
import { JobSection } from "./job-section";
import { MessagesSection } from "./messages-section";
import { OutcomeSection } from "./outcome-section";
import { RequestsSection } from "./requests-section";
import * as samples from "./samples";
import { ShellSection } from "./shell-section";
import { UsageSection } from "./usage-section";
import { TabsSection } from "./tabs-section";
import { Case, Column } from "./case";

const drawings = { math: true };

/** Every component of the kit in every state, on fixed data. The visual tests screenshot this page. */
export function KitGallery() {
  return (
    <main className="mx-auto flex max-w-5xl flex-col gap-14 px-4 py-10 sm:px-8">
      <header className="flex items-center gap-3">
        <h1 className="text-xl font-semibold tracking-[-0.02em]">Kit</h1>
        <span className="text-sm text-ink-3">every part, every state</span>
        <Link
          href="/docs"
          prefetch={false}
          className="ml-auto rounded-sm px-2.5 py-1.5 text-sm text-ink-2 hover:bg-raised hover:text-ink pointer-coarse:py-3"
        >
          Docs
        </Link>
        <ThemeToggle />
      </header>

      <Case name="Shell">
        <ShellCase />
      </Case>

      <Case name="Markdown">
        <Column>
          <Markdown text={samples.markdown} />
        </Column>
      </Case>

      <Case name="Markdown, as models write it">
        <Column>
          <MarkdownOptions value={drawings}>
            <Markdown text={samples.looseMarkdown} />
          </MarkdownOptions>
        </Column>
      </Case>

      <Case name="Markdown, unfinished">
        <Column>
          <Markdown
            isStreaming
            text={"A **bold claim, a [link](https://exa and\n\n| Half | a |\n| --- | --- |\n| table"}
          />
          <Markdown isStreaming text={"```python\nfor tide in tides:\n    print(tide"} />
        </Column>
      </Case>

      <Case name="Markdown, hostile">
        <Column>
          <Markdown text={samples.hostile} />
        </Column>
      </Case>

      <Case name="Messages">
        <Column>
          <Message message={samples.question} actions={<UserActions />} />
          <Message message={samples.answer} actions={<AnswerActions message={samples.answer} />} />
          <Message message={samples.oddMessage} />
          <BrokenCase />
        </Column>
      </Case>

      <BranchesSection />

      <Case name="Reasoning">
        <Column>
          <Reasoning text="The order has two items." isStreaming />
          <Reasoning text="The order has two items." durationMs={3120} />
          <Reasoning text="" durationMs={84_000} />
        </Column>
      </Case>

      <Case name="Tool card">
        <Column className="gap-3">
          {samples.toolParts.map((part, index) => (
            <ToolCard
              key={index}
              part={part}
              isStreaming
              durationMs={part.state === "output-available" ? 412 : undefined}
            />
          ))}
          <ToolCard part={{ ...samples.toolParts[1] } as Parameters<typeof ToolCard>[0]["part"]} />
        </Column>
      </Case>

      <JobSection />

      <Case name="Turn status">
        <Column className="gap-2">
          {(Object.keys(turnStates) as TurnState[]).map((state) => (
            <TurnStatus
              key={state}
              state={state}
              tool="lookupOrder"
              detail={state === "failed" ? "the model answered 529, overloaded." : undefined}
              onRetry={() => {}}
            />
          ))}
        </Column>
      </Case>

      <Case name="Composer">
        <Column className="gap-8">
          <ComposerCase />
          <Composer
            onSend={() => {}}
            onStop={() => {}}
            isStreaming
            modelLabel="Demo model (scripted)"
            placeholder="While an answer streams"
          />
          <Composer
            onSend={() => {}}
            onStop={() => {}}
            disabledReason="This chat is read-only."
            placeholder="Read-only"
          />
          <Composer onSend={() => {}} onStop={() => {}} maxLength={20} placeholder="At most 20 characters" />
        </Column>
      </Case>

      <ComposerSection />

      <MessagesSection />

      <CodeRunSection />

      <RequestsSection />
      <OutcomeSection />

      <UsageSection />

      <CommandsSection />
      <TabsSection />

      <AllowedToolsSection />

      <Case name="Chips and buttons">
        <Column className="flex-row flex-wrap items-center gap-2">
          <ChatChip>
            <GitFork aria-hidden /> Branch 2 of 3
          </ChatChip>
          <ChatChip tone="good">
            <Check aria-hidden /> Resumed after a restart
          </ChatChip>
          <ChatChip tone="waiting">Waiting for you</ChatChip>
          <Button variant="primary">Approve 75.00</Button>
          <Button>Deny</Button>
          <Button variant="ghost">Undo changes</Button>
          <Button variant="ink">Continue</Button>
          <Button variant="primary" disabled>
            Approve
          </Button>
        </Column>
      </Case>
    </main>
  );
}

/**
 * Behind a button, because React reports every error caught by a boundary, and opening this page should report none.
 */
function BrokenCase() {
  const [isShown, setIsShown] = useState(false);
  return isShown ? (
    <Message message={samples.brokenMessage} />
  ) : (
    <Button className="self-start" onClick={() => setIsShown(true)}>
      Show a message that can't be displayed
    </Button>
  );
}

function UserActions() {
  return (
    <>
      <CopyButton text="…" />
      <Button variant="ghost" size="icon-sm" aria-label="Edit message">
        <Pencil aria-hidden />
      </Button>
    </>
  );
}

function AnswerActions({ message }: { message: UIMessage }) {
  return (
    <>
      <CopyButton
        text={() => message.parts.map((part) => (part.type === "text" ? part.text : "")).join("\n\n")}
      />
      <Button variant="ghost" size="icon-sm" aria-label="Regenerate">
        <RotateCcw aria-hidden />
      </Button>
      <span aria-hidden className="mx-1.5 h-3.5 w-px bg-line" />
      <span className="tabular-nums">1,204 tokens</span>
    </>
  );
}

/** Fails the first time, to show "Try again"; lists what was sent. */
function ComposerCase() {
  const [sent, setSent] = useState<string[]>([]);
  const [hasFailed, setHasFailed] = useState(false);
  async function send({ text }: { text: string }) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    if (text.startsWith("fail") && !hasFailed) {
      setHasFailed(true);
      throw new Error("The server did not answer.");
    }
    setSent((all) => [...all, text]);
  }
  return (
    <div className="flex flex-col gap-2">
      <Composer
        draftKey="kit"
        onSend={send}
        onStop={() => {}}
        modelLabel="Demo model (scripted)"
        placeholder="Sends to the list below"
      />
      <ol aria-label="Sent" className="flex flex-col gap-1 text-sm text-ink-2">
        {sent.map((text, index) => (
          <li key={index} className="truncate">
            {text}
          </li>
        ))}
      </ol>
    </div>
  );
}

const shellStates = ["Conversation", "First run", "Loading", "Sidebar"] as const;

/** Shows one shell at a time, because each fills a window. */
function ShellCase() {
  const [state, setState] = useState<(typeof shellStates)[number]>("Conversation");
  return (
    <>
      <div className="flex flex-wrap gap-1">
        {shellStates.map((each) => (
          <Button
            key={each}
            size="sm"
            variant="ghost"
            aria-pressed={each === state}
            className="aria-pressed:bg-raised aria-pressed:text-ink"
            onClick={() => setState(each)}
          >
            {each}
          </Button>
        ))}
      </div>
      <div className="h-[760px] overflow-hidden rounded-lg border">
        {state === "Conversation" && <LiveChat />}
        {state === "First run" && <FirstRunChat />}
        {state === "Loading" && <LoadingChat />}
        {state === "Sidebar" && <ShellSection />}
      </div>
    </>
  );
}

const renderMessage = (message: UIMessage, isStreaming: boolean) => (
  <Message
    message={message}
    isStreaming={isStreaming}
    actions={
      isStreaming ? null : message.role === "user" ? <UserActions /> : <AnswerActions message={message} />
    }
  />
);

const guest = { name: "Guest", note: "Saved in this browser" };

function FirstRunChat() {
  return (
    <ChatShell isEmbedded className="h-full" title="New chat" chats={[]} now={samples.NOW} user={guest}>
      <MessageList
        messages={[]}
        renderMessage={renderMessage}
        empty={<FirstRun prompts={samples.prompts} onPick={() => {}} />}
      />
      <ChatDock>
        <Composer onSend={() => {}} onStop={() => {}} modelLabel="Demo model (scripted)" />
      </ChatDock>
    </ChatShell>
  );
}

function LoadingChat() {
  return (
    <ChatShell isEmbedded className="h-full" title="Refund for order 4417" now={samples.NOW} user={guest}>
      <MessageList messages={[]} renderMessage={renderMessage} isLoading />
      <ChatDock>
        <Composer onSend={() => {}} onStop={() => {}} disabledReason="The conversation is loading." />
      </ChatDock>
    </ChatShell>
  );
}

/** A conversation that answers without a server, a word per tick. */
function LiveChat() {
  const [messages, setMessages] = useState<UIMessage[]>([
    ...samples.longChat,
    samples.question,
    samples.answer,
  ]);
  const [state, setState] = useState<TurnState>("idle");

  async function send(text: string) {
    setMessages((all) => [
      ...all,
      { id: `sent-${all.length}`, role: "user", parts: [{ type: "text", text }] },
    ]);
    setState("thinking");
    const id = `streamed-${messages.length}`;
    const words = samples.markdown.split(" ");
    let count = 0;
    const timer = setInterval(() => {
      count += 3;
      const answer: UIMessage = {
        id,
        role: "assistant",
        parts: [{ type: "text", text: words.slice(0, count).join(" "), state: "streaming" }],
      };
      setMessages((all) => [...all.filter((message) => message.id !== id), answer]);
      setState("answering");
      if (count < words.length) return;
      clearInterval(timer);
      setState("idle");
    }, 30);
  }

  return (
    <ChatShell
      isEmbedded
      className="h-full"
      title="Refund for order 4417"
      chats={samples.chats}
      currentId="1"
      now={samples.NOW}
      user={guest}
      headerEnd={
        <>
          <ChatChip tone="good" className="max-sm:hidden">
            <Check aria-hidden /> Resumed after a restart
          </ChatChip>
          <Button variant="ghost" size="icon" aria-label="Copy link">
            <Copy aria-hidden />
          </Button>
        </>
      }
    >
      <MessageList
        messages={messages}
        isStreaming={state !== "idle"}
        renderMessage={renderMessage}
        footer={<TurnStatus state={state} />}
      />
      <ChatDock>
        <Composer
          onSend={({ text }) => send(text)}
          onStop={() => {}}
          isStreaming={state !== "idle"}
          modelLabel="Demo model (scripted)"
        />
      </ChatDock>
    </ChatShell>
  );
}
