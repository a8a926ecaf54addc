/** Documents dragged onto folders. */
import { type DragEvent, useState } from "react";
import { knownDocuments } from "@/shared/vault/lists";
import { useActions } from "./actions";
import type { Listing } from "./list";
import { rowAt } from "./usePress";

const TYPE = "application/x-docvault-documents";

/** From the list: the document under the pointer, and all that are chosen where it is one of them. */
export function dragged(event: DragEvent, listing: Listing, chosen: ReadonlySet<string>): void {
  const id = listing.at(rowAt(event) ?? -1)?.id;
  if (!id) return;
  event.dataTransfer.setData(TYPE, JSON.stringify(chosen.has(id) ? [...chosen] : [id]));
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
      const ids = JSON.parse(event.dataTransfer.getData(TYPE)) as string[];
      const here = knownDocuments(ids).filter((document) => document.folder === folder);
      const there = new Set(here.map(({ id }) => id));
      const dropped = ids.filter((id) => !there.has(id));
      if (dropped.length) move(dropped, folder);
    },
  };
}
