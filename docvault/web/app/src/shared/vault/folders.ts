/** The person's folders and tags, and the folders as a tree. */
import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/shared/api/client";
import type { components } from "@/shared/api/schema";
import { keys } from "./keys";

export type FolderView = components["schemas"]["FolderView"];
export type FolderNode = { path: string; name: string; documents: number; children: FolderNode[] };

export const foldersQuery = queryOptions({
  queryKey: keys.folders,
  queryFn: () => body(api.GET("/api/folders")).then((list) => list.items),
});

export const tagsQuery = queryOptions({
  queryKey: keys.tags,
  queryFn: () => body(api.GET("/api/tags")).then((list) => list.items),
});

/** `documents` of a node counts those below it too. Folders come in any order. */
export function folderTree(folders: readonly FolderView[]): FolderNode[] {
  const top: FolderNode[] = [];
  const nodes = new Map<string, FolderNode>();
  for (const { path, documents = 0 } of [...folders].sort((a, b) => a.path.localeCompare(b.path))) {
    let siblings = top;
    const parts = path.split("/");
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const here = parts.slice(0, depth).join("/");
      let node = nodes.get(here);
      if (!node) {
        node = { path: here, name: parts[depth - 1] ?? here, documents: 0, children: [] };
        nodes.set(here, node);
        siblings.push(node);
      }
      node.documents += documents;
      siblings = node.children;
    }
  }
  return top;
}

/** Those right inside `path`; `""` is the top. */
export function childrenOf(tree: readonly FolderNode[], path: string): FolderNode[] {
  let level = [...tree];
  if (path === "") return level;
  for (const name of path.split("/")) level = level.find((node) => node.name === name)?.children ?? [];
  return level;
}

export function parentOf(path: string): string {
  return path.split("/").slice(0, -1).join("/");
}

export function nameOf(path: string): string {
  return path.split("/").at(-1) ?? path;
}
