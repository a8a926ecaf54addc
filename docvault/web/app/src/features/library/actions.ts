/** What can be done with documents: seen at once, taken back with a message when the server refuses. */
import { type QueryKey, useMutation } from "@tanstack/react-query";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { useMemo } from "react";
import { api, body } from "@/shared/api/client";
import { queryClient } from "@/shared/api/query";
import { number, percent } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { dismiss, retell, toast } from "@/shared/ui/toast";
import { parentOf } from "@/shared/vault/folders";
import { keys } from "@/shared/vault/keys";
import { type Kept, keptPages, knownDocuments, putPage, showDocuments, takeOut } from "@/shared/vault/lists";
import { dropDocuments } from "@/shared/vault/live";
import { type LibraryPlace, libraryPlace } from "@/shared/vault/place";
import type { DocumentView } from "@/shared/vault/types";
import { openDialog } from "./dialogs";
import { isFiltered } from "./list";

/** `done` is told even where the row that began it is gone by then, as it is after "Delete". */
type BulkRequest = {
  ids: readonly string[];
  what: readonly Bulk[];
  done?: (() => void) | undefined;
};
type Bulk =
  | { action: "move"; folder: string }
  | { action: "add_tags" | "remove_tags"; tags: string[] }
  | { action: "trash" | "restore" | "delete" | "retry" };

const MOST = 1000; // documents of one request
const FEW = 2; // requests that are over before anybody asks how far they are
const MOST_SHOWN = 1000; // of more, only those in lists are shown as they will be

export type Actions = ReturnType<typeof useActions>;

export function useActions() {
  const { t } = useTexts("library");
  const { t: common } = useTexts();
  const bulk = useBulk();
  const rename = useRename();
  return useMemo(() => {
    const run = (ids: readonly string[], what: Bulk, done?: () => void) =>
      bulk.mutate({ ids, what: [what], done });
    const undo = (ids: readonly string[]) => ({
      label: common("action.undo"),
      run: () => run(ids, { action: "restore" }),
    });
    return {
      trash: (ids: readonly string[]) =>
        run(ids, { action: "trash" }, () =>
          toast({ text: t("trashed", { count: ids.length }), action: undo(ids), stays: 10_000 }),
        ),
      restore: (ids: readonly string[]) =>
        run(ids, { action: "restore" }, () => toast({ text: t("restored", { count: ids.length }) })),
      /** For good, so only after asking. */
      remove: (ids: readonly string[], done?: () => void) =>
        openDialog({
          kind: "confirm",
          title: t("deleteForever.title", { count: ids.length }),
          text: t("deleteForever.text"),
          confirm: t("action.deleteForever"),
          run: () => {
            run(ids, { action: "delete" }, () => toast({ text: t("trashEmptied", { count: ids.length }) }));
            done?.();
          },
        }),
      move: (ids: readonly string[], folder: string) =>
        run(ids, { action: "move", folder }, () =>
          toast({ text: t("moved", { count: ids.length, folder: folder || t("top") }) }),
        ),
      changeTags: (ids: readonly string[], added: string[], removed: string[]) =>
        bulk.mutate({
          ids,
          what: [
            ...(added.length ? [{ action: "add_tags", tags: added } as const] : []),
            ...(removed.length ? [{ action: "remove_tags", tags: removed } as const] : []),
          ],
        }),
      retry: (ids: readonly string[]) => run(ids, { action: "retry" }),
      rename: (document: DocumentView, filename: string) => rename.mutate({ document, filename }),
    };
  }, [bulk.mutate, rename.mutate, t, common]);
}

function useBulk() {
  const { t } = useTexts("library");
  return useMutation({
    mutationFn: async ({ ids, what }: BulkRequest) => {
      const parts = what.flatMap((step) => inParts(ids).map((some) => ({ ids: some, ...step })));
      const said = (done: number) =>
        t("acting", { percent: percent(done / parts.length), all: number(ids.length) });
      const progress = parts.length > FEW ? toast({ text: said(0), stays: Number.POSITIVE_INFINITY }) : null;
      try {
        for (const [done, part] of parts.entries()) {
          if (progress) retell(progress, said(done));
          await body(api.POST("/api/documents/bulk", { body: part }));
        }
      } finally {
        if (progress) dismiss(progress);
      }
    },
    onMutate: async ({ ids, what }) => {
      const before = await pictured(ids);
      for (const step of what) foreseen(ids, step);
      return before;
    },
    onSuccess: (_nothing, { done }) => done?.(),
    onError: (_error, _given, before) => before && restore(before),
    onSettled: refreshed,
  });
}

function useRename() {
  return useMutation({
    mutationFn: ({ document, filename }: { document: DocumentView; filename: string }) =>
      body(
        api.PATCH("/api/documents/{document_id}", {
          params: { path: { document_id: document.id } },
          body: { filename },
        }),
      ),
    onMutate: async ({ document, filename }) => {
      const before = await pictured([document.id]);
      showDocuments([{ ...document, filename }]);
      return before;
    },
    onError: (_error, _given, before) => before && restore(before),
    onSettled: refreshed,
  });
}

function inParts(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / MOST) }, (_, part) =>
    ids.slice(part * MOST, (part + 1) * MOST),
  );
}

/** Shows what a step will come to, of the documents that are known. */
function foreseen(ids: readonly string[], what: Bulk): void {
  const there = known(ids);
  if (["trash", "restore", "delete"].includes(what.action)) dropDocuments(ids);
  if (what.action === "move") takeOut(ids, (place) => isElsewhere(place, what.folder));
  showDocuments(there.map((document) => changed(document, what)).filter((now, at) => now !== there[at]));
}

function known(ids: readonly string[]): DocumentView[] {
  return ids.length > MOST_SHOWN ? inLists(new Set(ids)) : knownDocuments(ids);
}

function inLists(ids: ReadonlySet<string>): DocumentView[] {
  return keptPages().flatMap(([, page]) => page.items.filter(({ id }) => ids.has(id)));
}

/** Whether a list shows just one folder, and another one than this. */
function isElsewhere(place: LibraryPlace, folder: string): boolean {
  return !isFiltered(place) && !place.trash && (place.folder ?? "") !== folder;
}

function changed(document: DocumentView, what: Bulk): DocumentView {
  if (what.action === "move") return { ...document, folder: what.folder };
  if (what.action === "add_tags")
    return { ...document, tags: [...new Set([...document.tags, ...what.tags])] };
  if (what.action === "remove_tags")
    return { ...document, tags: document.tags.filter((tag) => !what.tags.includes(tag)) };
  return document;
}

type Picture = { pages: readonly Kept[]; documents: readonly DocumentView[] };

/** All lists and these documents as they are. Lists on their way would undo what is about to be shown. */
async function pictured(ids: readonly string[]): Promise<Picture> {
  await queryClient.cancelQueries({ queryKey: keys.documentLists });
  return { pages: keptPages(), documents: known(ids) };
}

/** What is shown by itself, as in the reader, may be newer by now, and is asked for again. */
function restore({ pages, documents }: Picture): void {
  for (const [key, page] of pages) putPage(key, page);
  for (const document of documents)
    queryClient.setQueryData<DocumentView>(keys.document(document.id), document, { updatedAt: 0 });
  const ids = new Set<unknown>(documents.map(({ id }) => id));
  const isOne = ({ queryKey }: { queryKey: QueryKey }) => ids.has(queryKey.at(-1));
  void queryClient.invalidateQueries({ queryKey: keys.eachDocument, predicate: isOne });
}

function refreshed(): void {
  for (const queryKey of [keys.documentLists, keys.folders, keys.tags, keys.usage]) {
    void queryClient.invalidateQueries({ queryKey });
  }
}

/** Folders themselves. */
export function useFolderActions() {
  const { t } = useTexts("library");
  const create = useMutation({
    mutationFn: (path: string) => body(api.POST("/api/folders", { body: { path } })),
    onSettled: refreshed,
  });
  const follow = useFollow();
  const rename = useMutation({
    mutationFn: (change: { path: string; new_path: string }) =>
      body(api.PATCH("/api/folders", { body: change })),
    onSuccess: (_nothing, { path, new_path }) =>
      follow(path, (folder) => new_path + folder.slice(path.length)),
    onSettled: refreshed,
  });
  const remove = useMutation({
    mutationFn: (path: string) => body(api.DELETE("/api/folders", { params: { query: { path } } })),
    onSuccess: ({ trashed }, path) => {
      toast({ text: t("folderDeleted", { count: trashed }) });
      follow(path, () => parentOf(path));
    },
    onSettled: refreshed,
  });
  const emptyTrash = useMutation({
    mutationFn: () => body(api.POST("/api/documents/trash/empty")),
    onSuccess: ({ deleted }) => toast({ text: t("trashEmptied", { count: deleted }) }),
    onSettled: refreshed,
  });
  return { create, rename, remove, emptyTrash };
}

/** Who looks at a folder that gets another path, or none, or at one within, goes with it. */
function useFollow(): (path: string, to: (folder: string) => string) => void {
  const navigate = useNavigate();
  const router = useRouter();
  return (path, to) => {
    const { pathname, search } = router.state.location;
    const { folder } = libraryPlace(search);
    if (pathname !== "/library" || !`${folder ?? ""}/`.startsWith(`${path}/`)) return;
    const next = { ...libraryPlace(search), folder: to(folder ?? "") || undefined };
    void navigate({ to: "/library", search: next, replace: true });
  };
}

export function useRetryAll() {
  return useMutation({
    mutationFn: () => body(api.POST("/api/documents/retry", { params: { query: {} } })),
    onSettled: refreshed,
  });
}

export function useCancel() {
  return useMutation({
    mutationFn: (id: string) =>
      body(api.POST("/api/documents/{document_id}/cancel", { params: { path: { document_id: id } } })),
    onSettled: refreshed,
  });
}
