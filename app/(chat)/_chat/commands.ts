import type { SlashCommand } from "@/components/chat/composer/slash";

/** The slash commands of the composer. Add your own: `insert` puts a prompt into the box, `run` acts at once. */
export function chatCommands({ startNewChat }: { startNewChat: () => void }): SlashCommand[] {
  return [
    { name: "new", description: "Start a new chat", run: startNewChat },
    {
      name: "summarise",
      description: "Summarize the chat in five sentences",
      insert: "Summarize our conversation so far in five sentences.",
    },
    {
      name: "explain",
      description: "Explain the last answer more simply",
      insert: "Explain your last answer more simply, with an example.",
    },
    {
      name: "table",
      description: "Turn the last answer into a table",
      insert: "Put your last answer into a table.",
    },
  ];
}
