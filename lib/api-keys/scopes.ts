/** What an API key may do. Settings, the API and its document share this list. */
export const apiScopes = {
  "chats:read": "List and read chats, and follow answers",
  "chats:write": "Create chats, send messages, steer, stop and edit",
  "requests:decide": "Approve, deny and answer what agents ask",
} as const;

export type ApiScope = keyof typeof apiScopes;

export const scopeNames = Object.keys(apiScopes) as ApiScope[];

/** How many days a key can be valid for; null is until it is revoked. */
export const keyLifetimes = [7, 30, 90, 365, null] as const;
