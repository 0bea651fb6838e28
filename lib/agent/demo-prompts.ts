/** A prompt that a first-time visitor can try. `needsDemoModel`: only the demo model fails on request. */
export type DemoPrompt = { title: string; description: string; prompt: string; needsDemoModel?: true };

export const demoPrompts: DemoPrompt[] = [
  {
    title: "A long answer",
    description: "Headings, a list, a table and code. Reload while it streams.",
    prompt: "Write a long answer about durable chats",
  },
  {
    title: "Use a tool",
    description: "Looks up the weather, then answers from the result.",
    prompt: "What is the weather in Oslo?",
  },
  {
    title: "Run code",
    description: "Computes in a sandbox, then shows a table and a chart.",
    prompt: "Run code that compares 3 % and 7 % interest",
  },
  {
    title: "Research in steps",
    description: "Three slow lookups. Steer the answer while it runs.",
    prompt: "Research durable chats in three steps",
  },
  {
    title: "Approve an action",
    description: "A refund, then an email. Each waits for your approval, for days if need be.",
    prompt: "Refund 20 EUR of order A-1042, then email the customer",
  },
  {
    title: "Delegate to sub-agents",
    description: "Two work in parallel, and one of them asks you a question.",
    prompt: "Let two sub-agents plan the delivery to Oslo",
  },
  {
    title: "Watch a long job",
    description: "It runs in the background. Reload, close the page, or cancel it on its card.",
    prompt: "Start a long job with 30 steps",
  },
  {
    title: "Crash the worker",
    description: "The process dies in the middle of the answer. The answer still arrives.",
    prompt: "Crash the worker",
    needsDemoModel: true,
  },
  {
    title: "Edit and branch",
    description: "Then ask: Which city? It knows what this branch has said.",
    prompt: "My city is Oslo",
  },
  {
    title: "Recover from an error",
    description: "The model fails halfway. Your question is kept and you can retry.",
    prompt: "Show me an error",
    needsDemoModel: true,
  },
];

/** The welcome of an empty chat, for the models that can answer in it. */
export function welcomeFor(models: { id: string }[]): {
  title: string;
  description: string;
  prompts: DemoPrompt[];
} {
  if (models.every(({ id }) => id === "demo"))
    return {
      title: "Try to break it",
      description: "Pick a demo. Reload, stop it, or kill the worker halfway through: the answer survives.",
      prompts: demoPrompts,
    };
  return {
    title: "How can I help?",
    description:
      "Type a message, or pick an example. You can reload or close this page: the answer continues.",
    prompts: demoPrompts.filter(({ needsDemoModel }) => !needsDemoModel),
  };
}
