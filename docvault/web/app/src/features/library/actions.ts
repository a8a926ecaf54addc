/** What can be done with documents: seen at once, taken back with a message when the server refuses. */
import { type QueryKey, useMutation } from "@tanstack/react-query";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { useMemo } from "react";
import { api, body } from "@/shared/api/client";
import { queryClient } from "@/shared/api/query";
import { useTexts } from "@/shared/texts";
import { toast } from "@/shared/ui/toast";
import { parentOf } from "@/shared/vault/folders";
import { keys } from "@/shared/vault/keys";
import { dropDocuments, dropFrom, putDocument } from "@/shared/vault/live";
import { type LibraryPlace, libraryPlace } from "@/shared/vault/place";
import type { DocumentView } from "@/shared/vault/types";
import { openDialog } from "./dialogs";
import { type DocumentList, isFiltered } from "./list";

/** `done` is told even where the row that began it is gone by then, as it is after "Delete". */
type BulkRequest = {
  documents: readonly DocumentView[];
  what: readonly Bulk[];
  done?: (() => void) | undefined;
};
type Bulk =
  | { action: "move"; folder: string }
  | { action: "add_tags" | "remove_tags"; tags: string[] }
  | { action: "trash" | "restore" | "delete" | "retry" };

const MOST = 1000; // documents of one request

export type Actions = ReturnType<typeof useActions>;

export function useActions() {
  const { t } = useTexts("library");
  const { t: common } = useTexts();
  const bulk = useBulk();
  const rename = useRename();
  return useMemo(() => {
    const run = (documents: readonly DocumentView[], what: Bulk, done?: () => void) =>
      bulk.mutate({ documents, what: [what], done });
    const undo = (documents: readonly DocumentView[]) => ({
      label: common("action.undo"),
      run: () => run(documents, { action: "restore" }),
    });
    return {
      trash: (documents: readonly DocumentView[]) =>
        run(documents, { action: "trash" }, () =>
          toast({ text: t("trashed", { count: documents.length }), action: undo(documents), stays: 10_000 }),
        ),
      restore: (documents: readonly DocumentView[]) =>
        run(documents, { action: "restore" }, () =>
          toast({ text: t("restored", { count: documents.length }) }),
        ),
      /** For good, so only after asking. */
      remove: (documents: readonly DocumentView[], done?: () => void) =>
        openDialog({
          kind: "confirm",
          title: t("deleteForever.title", { count: documents.length }),
          text: t("deleteForever.text"),
          confirm: t("action.deleteForever"),
          run: () => {
            run(documents, { action: "delete" }, () =>
              toast({ text: t("trashEmptied", { count: documents.length }) }),
            );
            done?.();
          },
        }),
      move: (documents: readonly DocumentView[], folder: string) =>
        run(documents, { action: "move", folder }, () =>
          toast({ text: t("moved", { count: documents.length, folder: folder || t("top") }) }),
        ),
      changeTags: (documents: readonly DocumentView[], added: string[], removed: string[]) =>
        bulk.mutate({
          documents,
          what: [
            ...(added.length ? [{ action: "add_tags", tags: added } as const] : []),
            ...(removed.length ? [{ action: "remove_tags", tags: removed } as const] : []),
          ],
        }),
      retry: (documents: readonly DocumentView[]) => run(documents, { action: "retry" }),
      rename: (document: DocumentView, filename: string) => rename.mutate({ document, filename }),
    };
  }, [bulk.mutate, rename.mutate, t, common]);
}

function useBulk() {
  return useMutation({
    mutationFn: async ({ documents, what }: BulkRequest) => {
      const ids = documents.map((document) => document.id);
      for (const step of what)
        for (let first = 0; first < ids.length; first += MOST) {
          const some = ids.slice(first, first + MOST);
          await body(api.POST("/api/documents/bulk", { body: { ids: some, ...step } }));
        }
    },
    onMutate: async ({ documents, what }) => {
      const before = await pictured();
      for (const step of what) foreseen(documents, step);
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
      const before = await pictured();
      putDocument({ ...document, filename });
      return before;
    },
    onError: (_error, _given, before) => before && restore(before),
    onSettled: refreshed,
  });
}

/** Shows what a step will come to. */
function foreseen(documents: readonly DocumentView[], what: Bulk): void {
  const ids = documents.map((one) => one.id);
  if (["trash", "restore", "delete"].includes(what.action)) dropDocuments(ids);
  for (const given of documents) {
    const document = queryClient.getQueryData<DocumentView>(keys.document(given.id)) ?? given;
    if (changed(document, what) !== document) putDocument(changed(document, what));
  }
  if (what.action === "move") dropFrom(ids, (place) => isElsewhere(place as LibraryPlace, what.folder));
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

type Picture = [QueryKey, DocumentList | undefined][];

/** All lists as they are; answers that are on their way would undo what is about to be shown. */
async function pictured(): Promise<Picture> {
  await queryClient.cancelQueries({ queryKey: keys.documentLists });
  return queryClient.getQueriesData<DocumentList>({ queryKey: keys.documentLists });
}

function restore(picture: Picture): void {
  for (const [key, list] of picture) queryClient.setQueryData(key, list);
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
