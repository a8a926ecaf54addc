/** Files out of a drop, a paste or a picker, with the folders they were in. */
import { folderOf, isLitter } from "./model";

export type Found = { file: File; folder: string };

const AT_ONCE = 200; // files that are handed on together while a folder is walked through

/**
 * Walks through dropped folders, and hands on what it finds while it does so. Has to be called before the drop's event
 * returns: the browser forgets it then.
 */
export async function filesOf(
  transfer: DataTransfer,
  base: string,
  put: (found: Found[]) => void,
): Promise<void> {
  const entries = [...transfer.items].map((item) => (item.kind === "file" ? item.webkitGetAsEntry() : null));
  const plain = [...transfer.files];
  if (!entries.some((entry) => entry?.isDirectory))
    return put(kept(plain.map((file) => ({ file, folder: base }))));
  let found: Found[] = [];
  const add = (one: Found) => {
    if (found.push(one) < AT_ONCE) return;
    put(kept(found));
    found = [];
  };
  for (const entry of entries) if (entry) await walk(entry, base, add).catch(() => undefined);
  put(kept(found));
}

/** Files of a picker; those of a chosen folder say where they were. */
export function filesOfList(list: FileList | File[], base: string): Found[] {
  return kept([...list].map((file) => ({ file, folder: folderOf(base, file.webkitRelativePath) })));
}

async function walk(entry: FileSystemEntry, base: string, add: (one: Found) => void): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    add({ file, folder: folderOf(base, entry.fullPath) });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return; // a reader gives a hundred at a time
    // What cannot be opened, a broken link for instance, is left out; the rest goes up.
    await Promise.all(some.map((inner) => walk(inner, base, add).catch(() => undefined)));
  }
}

function kept(found: Found[]): Found[] {
  return found.filter(({ file }) => !isLitter(file.name));
}
