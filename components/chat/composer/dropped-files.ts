/** Splits a drop or paste into files and folder names. Browsers list a folder as a file that can't be read. */
export function droppedItems(transfer: DataTransfer | null): { files: File[]; folders: string[] } {
  const items = [...(transfer?.items ?? [])].filter(({ kind }) => kind === "file");
  // Older browsers have no `items`.
  if (items.length === 0) return { files: [...(transfer?.files ?? [])], folders: [] };
  const files: File[] = [];
  const folders: string[] = [];
  for (const item of items) {
    const entry = item.webkitGetAsEntry?.();
    const file = item.getAsFile();
    if (entry?.isDirectory) folders.push(entry.name);
    else if (file) files.push(file);
  }
  return { files, folders };
}
