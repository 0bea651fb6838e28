/** What the tab says. Here, because the server says it first, and the page whenever a title changes later. */
export const pageTitles = { default: "Holdfast", template: "%s · Holdfast" };

export const UNTITLED_CHAT = "New chat";

/** The tab's title while a chat is open. */
export function chatPageTitle(title: string | null): string {
  return pageTitles.template.replace("%s", () => title ?? UNTITLED_CHAT);
}
