"use client";

import { useMemo, useState } from "react";
import { AttachmentChips } from "@/components/chat/composer/attachment-chips";
import { Composer } from "@/components/chat/composer/composer";
import { DropTarget } from "@/components/chat/composer/drop-overlay";
import { ModelPicker } from "@/components/chat/composer/model-picker";
import { QueueList } from "@/components/chat/composer/queue-list";
import type { QueuedMessage } from "@/components/chat/durable/types";
import type { SlashCommand } from "@/components/chat/composer/slash";
import { SteeringList } from "@/components/chat/composer/steering-list";
import {
  type Attachment,
  type AttachmentLimits,
  UploadError,
  type UploadFile,
  useAttachments,
} from "@/components/chat/composer/use-attachments";
import { ColumnCase } from "./case";

const picture =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Crect width='8' height='8' fill='%23357a64'/%3E%3Ccircle cx='5' cy='3' r='1.5' fill='%23f4f1e4'/%3E%3C/svg%3E";

const attached: Attachment[] = [
  {
    id: "ready",
    name: "low-tide-at-the-north-mole.png",
    size: 248_000,
    mediaType: "image/png",
    previewUrl: picture,
    state: "ready",
    part: { type: "file", url: picture, mediaType: "image/png" },
  },
  {
    id: "text",
    name: "tides.csv",
    size: 1_820,
    mediaType: "text/plain",
    state: "ready",
    part: { type: "file", url: "#", mediaType: "text/plain" },
  },
  {
    id: "uploading",
    name: "survey.pdf",
    size: 4_100_000,
    mediaType: "application/pdf",
    state: "uploading",
    progress: 0.4,
  },
  {
    id: "failed",
    name: "harbour.jpg",
    size: 900_000,
    mediaType: "image/jpeg",
    state: "failed",
    error: "The connection was lost during the upload.",
    canRetry: true,
  },
  {
    id: "too-large",
    name: "drone.mp4",
    size: 81_000_000,
    mediaType: "video/mp4",
    state: "failed",
    error: "Too large: 77.2 MB, the limit is 10 MB.",
    canRetry: false,
  },
];

const models = [
  { id: "demo", label: "Demo model (scripted)" },
  { id: "own/small", label: "small · Own server" },
  { id: "own/large", label: "large-model-with-a-long-name · Own server" },
];

const onTheirWay = [
  "Only in Norway, please.",
  "And leave out the ferries that do not run in winter. ".repeat(4),
].map((text, index) => ({
  id: `steer-${index}`,
  role: "user" as const,
  parts: [{ type: "text" as const, text }],
}));

const limits: AttachmentLimits = { maxBytes: 1_000, maxFiles: 3, accept: "" };

/** The composer with every feature, on fixed data, and each of its parts in each state. */
export function ComposerSection() {
  return (
    <>
      <ColumnCase name="Composer, everything">
        <FullComposer />
      </ColumnCase>
      <ColumnCase name="Composer while an answer streams">
        <QueueingComposer />
      </ColumnCase>
      <ColumnCase name="Attachments">
        <div className="rounded-xl border pb-3">
          <AttachmentChips
            items={attached}
            remove={() => {}}
            retry={() => {}}
            notice="A message can have 10 files. 2 more were left out."
          />
        </div>
        <div className="relative h-56 overflow-hidden rounded-lg border">
          <DropTarget />
        </div>
      </ColumnCase>
      <ColumnCase name="Steering">
        <SteeringList messages={onTheirWay} />
      </ColumnCase>
      <ColumnCase name="Model picker">
        <div className="flex flex-col items-start gap-3">
          <ModelPicker models={models} value="own/small" onChange={() => {}} />
          <ModelPicker models={models.slice(0, 1)} onChange={() => {}} />
          <ModelPicker models={[]} onChange={() => {}} />
        </div>
      </ColumnCase>
    </>
  );
}

const broken = new Set<string>();

/** A file with "wrong" in its name is refused; one with "broken" succeeds at the second try. */
const uploadNowhere: UploadFile = async (file, { onProgress }) => {
  onProgress(0.5);
  await new Promise((resolve) => setTimeout(resolve, 150));
  if (file.name.includes("wrong"))
    throw new UploadError("Unsupported file type. Use images (PNG, JPEG, GIF, WebP), PDF or text.", false);
  if (file.name.includes("broken") && !broken.has(file.name)) {
    broken.add(file.name);
    throw new UploadError("The connection was lost during the upload.", true);
  }
  return { type: "file", url: picture, mediaType: "image/png", filename: file.name };
};

function FullComposer() {
  const [sent, setSent] = useState<string[]>([]);
  const [model, setModel] = useState("demo");
  const attachments = useAttachments({ upload: uploadNowhere, limits, draftKey: "kit-full" });
  const commands = useMemo<SlashCommand[]>(
    () => [
      { name: "clear", description: "Empty the list below", run: () => setSent([]) },
      { name: "summarise", description: "In five sentences", insert: "Summarise this in five sentences." },
      { name: "table", description: "As a table", insert: "Put this into a table." },
    ],
    [],
  );
  return (
    <div className="flex flex-col gap-2">
      <Composer
        draftKey="kit-full"
        attachments={attachments}
        commands={commands}
        history={["When is high tide?", "And tomorrow?"]}
        onSend={({ text, files }) =>
          setSent((all) => [...all, [text, ...files.map((file) => `[${file.filename}]`)].join(" ").trim()])
        }
        onStop={() => {}}
        modelLabel={<ModelPicker models={models} value={model} onChange={setModel} />}
        placeholder="Try / or paste a picture"
      />
      <Sent items={sent} />
    </div>
  );
}

function QueueingComposer() {
  const [steered, setSteered] = useState<string[]>([]);
  const [queued, setQueued] = useState<QueuedMessage[]>([
    { id: "q1", text: "Then compare it with last year.", files: [] },
    {
      id: "q2",
      text: "Make a table of both, with the difference in a third column, and say which days stand out.",
      files: [{ type: "file", url: picture, mediaType: "image/png", filename: "chart.png" }],
    },
    { id: "q3", text: "Thank you!", files: [] },
  ]);
  const without = (id: string) => queued.filter((message) => message.id !== id);
  return (
    <div className="flex flex-col">
      <QueueList
        queued={queued}
        onEdit={(id, text) => setQueued(queued.map((each) => (each.id === id ? { ...each, text } : each)))}
        onMove={(id, index) => {
          const moved = queued.filter((message) => message.id === id);
          setQueued(without(id).toSpliced(index, 0, ...moved));
        }}
        onRemove={(id) => setQueued(without(id))}
        onSendNow={(id) => {
          setSteered([...steered, ...queued.filter((each) => each.id === id).map((each) => each.text)]);
          setQueued(without(id));
        }}
      />
      <Composer
        isStreaming
        canQueue
        canSteer
        onSend={({ text, files }, mode) => {
          if (mode === "queue") setQueued([...queued, { id: crypto.randomUUID(), text, files }]);
          else setSteered([...steered, text]);
        }}
        onStop={() => setSteered([...steered, "(stopped)"])}
        modelLabel={models[0]?.label}
        placeholder="Enter queues, Ctrl Enter steers"
      />
      <Sent name="Steered" items={steered} />
    </div>
  );
}

function Sent({ name = "Sent", items }: { name?: string; items: string[] }) {
  return (
    <ol aria-label={name} className="flex flex-col gap-1 text-sm text-ink-2">
      {items.map((text, index) => (
        <li key={index} className="truncate">
          {text}
        </li>
      ))}
    </ol>
  );
}
