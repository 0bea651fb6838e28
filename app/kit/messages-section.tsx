"use client";

import { useCallback, useMemo, useState } from "react";
import type { UIMessage } from "ai";
import { Markdown } from "@/components/chat/markdown/markdown";
import { type FenceProps, MarkdownOptions } from "@/components/chat/markdown/options";
import { Message } from "@/components/chat/conversation/message";
import { MessageList } from "@/components/chat/conversation/message-list";
import { MessageMeta } from "@/components/chat/conversation/message-meta";
import { ToolCard } from "@/components/chat/tools/tool-card";
import { Button } from "@/components/ui/button";
import * as samples from "./messages-samples";
import { Case, Column } from "./case";

/** The message list and every kind of message content, in every state. */
export function MessagesSection() {
  return (
    <>
      <Case name="Long conversation">
        <LongConversation />
      </Case>

      <Case name="Code">
        <Column>
          <Markdown text={samples.code} />
        </Column>
      </Case>

      <Case name="Formulas and drawings">
        <Column>
          <MarkdownOptions value={drawings}>
            <Markdown text={samples.formulas} />
          </MarkdownOptions>
        </Column>
      </Case>

      <Case name="Images and files">
        <Column>
          <Message message={samples.images} />
        </Column>
      </Case>

      <Case name="Tool at work">
        <Column className="gap-3">
          <ToolCard part={samples.preliminaryTool} isStreaming />
          <ToolCard part={samples.screenshotTool} durationMs={2_140} />
        </Column>
      </Case>

      <Case name="Message meta">
        <Column className="gap-2">
          <MessageMeta
            model="Claude Sonnet"
            inputTokens={1_000}
            outputTokens={204}
            cost={0.0042}
            durationMs={6_300}
            text={"word ".repeat(500)}
            finishedAt="2025-11-14T14:10:00Z"
          />
          <MessageMeta model="A model that nobody has a price for" outputTokens={1} cost={null} />
          <MessageMeta cost={1.5} />
        </Column>
      </Case>

      <Case name="Out of proportion">
        <Hostile />
      </Case>
    </>
  );
}

/** A diagram in twenty lines. An app would lazily load a library for `mermaid`. */
function Bars({ code }: FenceProps) {
  const rows = code.split("\n").map((line) => line.split(":"));
  const largest = Math.max(...rows.map(([, value]) => Number(value)));
  if (!Number.isFinite(largest)) throw new Error("Not a list of numbers");
  return (
    <dl className="my-3 grid grid-cols-[auto_1fr] items-center gap-x-3 gap-y-1.5 text-sm">
      {rows.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-ink-2">{name}</dt>
          <dd className="flex items-center gap-2 tabular-nums">
            <span
              className="h-3 rounded-[3px] bg-kelp"
              style={{ width: `${(Number(value) / largest) * 80}%` }}
            />
            {value}
          </dd>
        </div>
      ))}
    </dl>
  );
}

const drawings = { math: true, fences: { bars: Bars } };

const ALL = 1_000;
const BATCH = 50;

/** A thousand messages behind a simulated server that is sometimes slow and sometimes fails. */
function LongConversation() {
  const [loaded, setLoaded] = useState(BATCH);
  const [added, setAdded] = useState(0);
  const [isDown, setIsDown] = useState(false);
  const messages = useMemo(
    () => [...samples.conversation(ALL - loaded, ALL), ...samples.news(added)],
    [loaded, added],
  );
  const loadOlder = useCallback(async () => {
    await new Promise((resolve) => setTimeout(resolve, 150));
    if (isDown) throw new Error("The server did not answer.");
    setLoaded((count) => Math.min(ALL, count + BATCH));
  }, [isDown]);
  return (
    <>
      <div className="flex flex-wrap gap-1">
        <Button size="sm" onClick={() => setAdded(added + 1)}>
          One more message
        </Button>
        <Button size="sm" onClick={() => setLoaded(ALL)}>
          Load all 1,000
        </Button>
        <Button
          size="sm"
          aria-pressed={isDown}
          className="aria-pressed:bg-raised"
          onClick={() => setIsDown(!isDown)}
        >
          Server down
        </Button>
      </div>
      <div className="flex h-[480px] max-w-[720px] flex-col overflow-hidden rounded-lg border">
        <MessageList
          messages={messages}
          hasOlder={loaded < ALL}
          onLoadOlder={loadOlder}
          placeKey="kit"
          renderMessage={renderMessage}
        />
      </div>
    </>
  );
}

/** Reserves the height of a row of buttons without any. */
const renderMessage = (message: UIMessage) => <Message message={message} actions={null} />;

/** Shows one case at a time, on demand, to keep the page's own screenshots small. */
function Hostile() {
  const [shown, setShown] = useState<string | null>(null);
  const message: UIMessage | null = shown === null ? null : samples.outOfProportion(shown);
  return (
    <Column className="gap-4">
      <div className="flex flex-wrap gap-1">
        {samples.hostileNames.map((name) => (
          <Button
            key={name}
            size="sm"
            variant="ghost"
            aria-pressed={name === shown}
            className="aria-pressed:bg-raised aria-pressed:text-ink"
            onClick={() => setShown(name === shown ? null : name)}
          >
            {name}
          </Button>
        ))}
      </div>
      {message && (
        <div className="h-[360px] overflow-auto rounded-lg border p-4">
          <MarkdownOptions value={drawings}>
            <Message message={message} />
          </MarkdownOptions>
        </div>
      )}
    </Column>
  );
}
