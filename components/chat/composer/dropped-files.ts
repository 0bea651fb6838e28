/** What was dropped or pasted: files, and the names of folders, which a browser hands over as files that can't be read. */
export function droppedItems(transfer: DataTransfer | null): { files: File[]; folders: string[] } {
  const items = [...(transfer?.items ?? [])].filter(({ kind }) => kind === "file");
  // Older browsers have no list of items.
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
