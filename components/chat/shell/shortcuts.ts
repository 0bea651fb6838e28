/** A keyboard shortcut; `Mod` stands for ⌘ on a Mac and for Ctrl elsewhere. */
export type Shortcut = {
  keys: readonly string[];
  /** Another shortcut for the same action. */
  or?: readonly string[];
  meaning: string;
};

export type ShortcutGroup = { heading: string; shortcuts: Shortcut[] };

/** Every shortcut of the kit, grouped by where it works. */
export const kitShortcuts: ShortcutGroup[] = [
  {
    heading: "Anywhere",
    shortcuts: [
      { keys: ["Mod", "K"], meaning: "Open the command palette" },
      { keys: ["?"], meaning: "Show these shortcuts" },
      { keys: ["Esc"], meaning: "Close dialog or menu" },
    ],
  },
  {
    heading: "Writing",
    shortcuts: [
      { keys: ["Enter"], meaning: "Send, or queue while an answer streams" },
      { keys: ["Mod", "Enter"], meaning: "Steer the streaming answer" },
      { keys: ["Shift", "Enter"], meaning: "New line" },
      { keys: ["↑"], or: ["↓"], meaning: "Previous / next prompt (empty box)" },
      { keys: ["/"], meaning: "Commands (start of the box)" },
    ],
  },
  {
    heading: "On a message",
    shortcuts: [
      { keys: ["←"], or: ["→"], meaning: "Previous / next version (on the version arrows)" },
      { keys: ["Enter"], meaning: "Send the edited message" },
      { keys: ["Esc"], meaning: "Cancel edit" },
    ],
  },
  {
    heading: "Requests",
    shortcuts: [
      { keys: ["1–9"], meaning: "Choose that option" },
      { keys: ["J"], or: ["K"], meaning: "Next / previous card (inbox)" },
      { keys: ["Enter"], meaning: "Answer the focused card" },
    ],
  },
  {
    heading: "Searching chats",
    shortcuts: [
      { keys: ["↓"], or: ["↑"], meaning: "Move through results" },
      { keys: ["Esc"], meaning: "Clear the search" },
    ],
  },
];
