/** Every operation of the API: the routes carry them out (app/api/agent), and the OpenAPI document lists them. */
import type { z } from "zod";
import type { ApiScope } from "@/lib/api-keys/scopes";
import { type bodies, queries, type responses } from "./schemas";

type Named<T> = keyof T & string;

export type Operation = {
  method: "GET" | "POST";
  /** As the document writes it; a folder `[id]` in `app` is `{id}` here. */
  path: string;
  summary: string;
  scope: ApiScope;
  query?: z.ZodObject;
  body?: Named<typeof bodies>;
  /** What a successful JSON response contains, by its status. */
  returns: Partial<Record<200 | 201 | 202, Named<typeof responses>>>;
  /** It can return the answer as a stream, too. */
  streams?: true;
};

const chat = "/chats/{id}";
const streamed = { streams: true } as const;

export const operations = {
  listChats: {
    method: "GET",
    path: "/chats",
    summary: "List chats, newest first",
    scope: "chats:read",
    query: queries.chatsQuery,
    returns: { 200: "ChatPage" },
  },
  createChat: {
    method: "POST",
    path: "/chats",
    summary: "Create a chat, and answer its first message if there is one",
    scope: "chats:write",
    query: queries.answerQuery,
    body: "NewChat",
    returns: { 200: "Answer", 201: "Chat", 202: "Answer" },
    ...streamed,
  },
  readChat: {
    method: "GET",
    path: chat,
    summary: "Read the shown branch, newest page first",
    scope: "chats:read",
    query: queries.transcriptQuery,
    returns: { 200: "Transcript" },
  },
  sendMessage: {
    method: "POST",
    path: `${chat}/messages`,
    summary:
      "Send a message and return its answer; while another answer is being written, this one comes next",
    scope: "chats:write",
    query: queries.answerQuery,
    body: "NewMessage",
    returns: { 200: "Answer", 202: "Answer" },
    ...streamed,
  },
  steer: {
    method: "POST",
    path: `${chat}/steer`,
    summary: "Add a message to the running answer",
    scope: "chats:write",
    body: "Steering",
    returns: { 202: "Steered" },
  },
  stop: {
    method: "POST",
    path: `${chat}/stop`,
    summary: "Stop the running answer",
    scope: "chats:write",
    returns: { 202: "Stopped" },
  },
  act: {
    method: "POST",
    path: `${chat}/actions`,
    summary: "Edit a question, regenerate an answer, or move between branches",
    scope: "chats:write",
    query: queries.answerQuery,
    body: "Action",
    returns: { 200: "Answer", 202: "Answer" },
    ...streamed,
  },
  listRequests: {
    method: "GET",
    path: `${chat}/requests`,
    summary: "List what is waiting for a decision",
    scope: "chats:read",
    query: queries.requestsQuery,
    returns: { 200: "RequestList" },
  },
  decideRequest: {
    method: "POST",
    path: `${chat}/requests/{requestId}`,
    summary: "Approve, deny, answer or skip a request",
    scope: "requests:decide",
    body: "Decision",
    returns: { 200: "Decided" },
  },
  followChat: {
    method: "GET",
    path: `${chat}/stream`,
    summary: "Follow the answers that are being written, or reconnect after a cursor",
    scope: "chats:read",
    query: queries.streamQuery,
    returns: { 200: "Answer", 202: "Answer" },
    ...streamed,
  },
  preload: {
    method: "POST",
    path: `${chat}/preload`,
    summary: "Start a process for the chat before its next message",
    scope: "chats:write",
    returns: { 202: "Preloaded" },
  },
  close: {
    method: "POST",
    path: `${chat}/close`,
    summary: "End the chat's process; the chat stays, and its next message starts another",
    scope: "chats:write",
    returns: { 202: "Closed" },
  },
} as const satisfies Record<string, Operation>;
