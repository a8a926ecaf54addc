/** Documents dragged onto folders. */
import { type DragEvent, useState } from "react";
import { queryClient } from "@/shared/api/query";
import { keys } from "@/shared/vault/keys";
import type { DocumentView } from "@/shared/vault/types";
import { useActions } from "./actions";
import { type DocumentList, documentsOf } from "./list";

const TYPE = "application/x-docvault-documents";

export function dragDocuments(event: DragEvent, ids: readonly string[]): void {
  event.dataTransfer.setData(TYPE, JSON.stringify(ids));
  event.dataTransfer.effectAllowed = "move";
}

/** Handlers for a folder, and whether documents are over it. */
export function useDropTarget(folder: string) {
  const [over, setOver] = useState(false);
  const { move } = useActions();
  const takes = (event: DragEvent) => event.dataTransfer.types.includes(TYPE);
  return {
    over,
    onDragOver: (event: DragEvent) => {
      if (!takes(event)) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      setOver(false);
      if (!takes(event)) return;
      event.preventDefault();
      const ids = new Set(JSON.parse(event.dataTransfer.getData(TYPE)) as string[]);
      const dropped = shown().filter((document) => ids.has(document.id) && document.folder !== folder);
      if (dropped.length) move(dropped, folder);
    },
  };
}

function shown(): DocumentView[] {
  const lists = queryClient.getQueriesData<DocumentList>({ queryKey: keys.documentLists });
  return [...new Map(lists.flatMap(([, list]) => documentsOf(list)).map((one) => [one.id, one])).values()];
}
