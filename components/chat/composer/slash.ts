/** A word that begins with a slash and does something: runs at once, or puts a prompt into the box. */
export type SlashCommand = { name: string; description: string } & (
  | { run: () => void; insert?: never }
  | { insert: string; run?: never }
);

/** What fits while only the command's name stands in the box; none as soon as there is more, or nothing fits. */
export function matchCommands(commands: SlashCommand[], box: string): SlashCommand[] {
  const typed = /^\/(\S*)$/.exec(box)?.[1]?.toLowerCase();
  return typed === undefined ? [] : commands.filter(({ name }) => name.toLowerCase().startsWith(typed));
}
