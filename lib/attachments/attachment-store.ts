/** Stores the bytes of attachments by id. */
export type AttachmentStore = {
  /** Replaces the bytes that are stored under the id. */
  put(id: string, bytes: Uint8Array): Promise<void>;
  /** Null if nothing is stored under the id. */
  get(id: string): Promise<Uint8Array | null>;
  /** Does nothing for an unknown id. */
  delete(id: string): Promise<void>;
};
