/** The tab's titles. The server renders them first, and the page updates them when a title changes. */
export const pageTitles = { default: "Holdfast", template: "%s · Holdfast" };

export const UNTITLED_CHAT = "New chat";

/** The tab's title while a chat is open. */
export function chatPageTitle(title: string | null): string {
  return pageTitles.template.replace("%s", () => title ?? UNTITLED_CHAT);
}
