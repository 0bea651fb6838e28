/** The limits for attachments. The page explains them and the server enforces them. */

export const MAX_FILE_BYTES = 10 * 1024 * 1024;
export const MAX_FILES_PER_MESSAGE = 10;
/** Per person, including unsent files. */
export const OWNER_QUOTA_BYTES = 500 * 1024 * 1024;
export const MAX_NAME_LENGTH = 200;

const url = /^\/attachments\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

export function attachmentUrl(id: string): string {
  return `/attachments/${id}`;
}

/** Returns the id in an attachment's address, or null for any other address. */
export function attachmentId(address: unknown): string | null {
  return (typeof address === "string" && url.exec(address)?.[1]) || null;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1).replace(/\.0$/, "")} MB`;
}
