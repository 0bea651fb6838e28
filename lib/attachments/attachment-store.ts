/** Holds the bytes of attachments by id. */
export type AttachmentStore = {
  /** The same id again replaces what was there. */
  put(id: string, bytes: Uint8Array): Promise<void>;
  /** Null when there is nothing under that id. */
  get(id: string): Promise<Uint8Array | null>;
  /** Of an id that is not there: nothing happens. */
  delete(id: string): Promise<void>;
};
