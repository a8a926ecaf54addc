/** Placed by the shell. */
export function FolderTree() {
  return null;
}
