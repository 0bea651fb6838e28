import type { ChatSearchResult } from "@/components/chat/shell/chat-search";
import * as samples from "./samples";

/** A simulated search of the sample chats. "fail" has no results. */
export async function search(query: string): Promise<ChatSearchResult[]> {
  if (query === "fail") throw new Error("away");
  const needle = query.toLowerCase();
  return samples.chats.flatMap(({ id, title, href }) => {
    const at = title.toLowerCase().indexOf(needle);
    if (at < 0) return [];
    const end = at + query.length;
    return [
      {
        key: id,
        href,
        title: [
          { text: title.slice(0, at), isMatch: false },
          { text: title.slice(at, end), isMatch: true },
          { text: title.slice(end), isMatch: false },
        ],
        excerpt: [
          { text: "… and that is what ", isMatch: false },
          { text: query, isMatch: true },
          { text: " means here, as far as the order says …", isMatch: false },
        ],
      },
    ];
  });
}
