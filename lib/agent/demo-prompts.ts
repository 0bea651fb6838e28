/** The first things to try with the demo model. Light: the page imports it. */
export type DemoPrompt = { title: string; description: string; prompt: string };

export const demoPrompts: DemoPrompt[] = [
  {
    title: "A long answer",
    description: "Headings, a list, a table and code, streamed. Reload in the middle of it.",
    prompt: "Write a long answer about durable chats",
  },
  {
    title: "Use a tool",
    description: "Looks up the weather, then answers from the result.",
    prompt: "What is the weather in Oslo?",
  },
  {
    title: "Research in steps",
    description: "Three slow look-ups. Press Ctrl+Enter meanwhile: what you say reaches the answer.",
    prompt: "Research durable chats in three steps",
  },
  {
    title: "Ask before it acts",
    description: "A refund and then an e-mail. Each waits for your word, also for days.",
    prompt: "Refund 20 EUR of order A-1042, then e-mail the customer",
  },
  {
    title: "Send somebody else",
    description: "A sub-agent looks things up and asks you one question.",
    prompt: "Let a sub-agent find a courier day",
  },
  {
    title: "Crash the worker",
    description: "The process dies in the middle of the answer. The answer still arrives.",
    prompt: "Crash the worker",
  },
  {
    title: "Remember something",
    description: "Then ask: Which city? It knows what this branch has said.",
    prompt: "My city is Oslo",
  },
  {
    title: "Fail",
    description: "The model breaks off. The question stays, and so does the chat.",
    prompt: "Show me an error",
  },
];
