/** A command typed as `/name`: it runs at once, or inserts a prompt into the box. */
export type SlashCommand = { name: string; description: string } & (
  | { run: () => void; insert?: never }
  | { insert: string; run?: never }
);

/** The commands that match while the box holds only a command's name; otherwise none. */
export function matchCommands(commands: SlashCommand[], box: string): SlashCommand[] {
  const typed = /^\/(\S*)$/.exec(box)?.[1]?.toLowerCase();
  return typed === undefined ? [] : commands.filter(({ name }) => name.toLowerCase().startsWith(typed));
}
