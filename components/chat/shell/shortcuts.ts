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
      { keys: ["Enter"], meaning: "Send; while an answer streams, queue" },
      { keys: ["Mod", "Enter"], meaning: "Steer the answer that streams" },
      { keys: ["Shift", "Enter"], meaning: "New line" },
      { keys: ["↑"], or: ["↓"], meaning: "Previous / next prompt (empty box)" },
      { keys: ["/"], meaning: "Commands, at the beginning of the box" },
    ],
  },
  {
    heading: "On a message",
    shortcuts: [
      { keys: ["←"], or: ["→"], meaning: "Previous and next version, on the arrows beside its number" },
      { keys: ["Enter"], meaning: "Send the edited message" },
      { keys: ["Esc"], meaning: "Cancel edit" },
    ],
  },
  {
    heading: "Requests",
    shortcuts: [
      { keys: ["1–9"], meaning: "Choose that option of a question" },
      { keys: ["J"], or: ["K"], meaning: "Next and previous card of the inbox" },
      { keys: ["Enter"], meaning: "Answer the card that has the focus" },
    ],
  },
  {
    heading: "Searching chats",
    shortcuts: [
      { keys: ["↓"], or: ["↑"], meaning: "Through the results" },
      { keys: ["Esc"], meaning: "Clear the search" },
    ],
  },
];
