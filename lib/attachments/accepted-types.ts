/** What can be attached: what models read. */
export const ACCEPTED_TYPES = [
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "application/pdf",
  "text/plain",
] as const;

export type AcceptedType = (typeof ACCEPTED_TYPES)[number];
