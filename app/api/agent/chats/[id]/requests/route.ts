import { listChatRequests } from "@/lib/chat/requests/views";
import { db } from "@/lib/db/client";
import { operations } from "@/lib/server-chat/operations";
import { toApiRequest } from "@/lib/server-chat/result";
import { apiRoute } from "../../../_http/route";

export const GET = apiRoute(operations.listRequests, async ({ chat, query }) => {
  const requests = await listChatRequests(db, (await chat()).id);
  const isWanted = (state: string) => query.state === "all" || state === "pending";
  return { requests: requests.filter(({ state }) => isWanted(state)).map(toApiRequest) };
});
