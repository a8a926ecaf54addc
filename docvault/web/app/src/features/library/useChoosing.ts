/** Choosing documents by their places in the list, also where nobody looked: the server says which ones are there. */
import { hashKey, useMutation } from "@tanstack/react-query";
import { type Dispatch, useEffect, useMemo, useRef } from "react";
import { onLeft } from "@/shared/vault/lists";
import type { LibraryPlace } from "@/shared/vault/place";
import { idsBetween, type Listing, listKey } from "./list";
import type { Anchor, Selection, SelectionAction } from "./selection";

export type Choosing = {
  chosen: ReadonlySet<string>;
  toggle: (index: number) => void;
  /** From where the last range began, or from `from`, to here. */
  reach: (index: number, from?: number) => void;
  all: () => void;
  none: () => void;
};

export function useChoosing(
  place: LibraryPlace,
  listing: Listing,
  selection: Selection,
  dispatch: Dispatch<SelectionAction>,
): Choosing {
  const now = useRef({ listing, selection });
  now.current = { listing, selection };
  const { mutate: find } = useMutation({
    mutationFn: ({ first, last }: Wanted) => idsBetween(place, first, last),
    onSuccess: (ids, { take }) => take(ids),
  });
  useLosing(place, listing, dispatch);
  return useMemo(() => {
    const toggle = (index: number) => {
      const id = now.current.listing.at(index)?.id;
      if (id) dispatch({ do: "toggle", at: { id, index } });
    };
    const reach = (index: number, from?: number) => {
      const start = beginning(
        now.current.listing,
        from === undefined ? now.current.selection.anchor : null,
        from,
      );
      if (!start) return toggle(index);
      const [first, last] = [Math.min(start.index, index), Math.max(start.index, index)];
      find({ first, last, take: (ids) => dispatch({ do: "add", ids, from: start }) });
    };
    const all = () => {
      const last = (now.current.listing.total ?? 0) - 1;
      find({ first: 0, last, take: (ids) => dispatch({ do: "all", ids }) });
    };
    return { chosen: selection.chosen, toggle, reach, all, none: () => dispatch({ do: "none" }) };
  }, [selection.chosen, dispatch, find]);
}

type Wanted = { first: number; last: number; take: (ids: string[]) => void };

/** Where a range begins: at the anchor, wherever that is by now, or at a place. */
function beginning(listing: Listing, anchor: Anchor | null, from: number | undefined): Anchor | null {
  if (from !== undefined) {
    const id = listing.at(from)?.id;
    return id ? { id, index: from } : null;
  }
  if (!anchor || listing.at(anchor.index)?.id === anchor.id) return anchor;
  const there = listing.documents.findIndex(({ id }) => id === anchor.id);
  return there < 0 ? anchor : { id: anchor.id, index: placeOf(listing, anchor) };
}

function placeOf(listing: Listing, { id, index }: Anchor): number {
  // Rows that came or went before it moved it by a few.
  for (let by = 1; by < listing.documents.length * 2; by += 1)
    for (const at of [index - by, index + by]) if (listing.at(at)?.id === id) return at;
  return index;
}

/** What left the list is not chosen any more. */
function useLosing(place: LibraryPlace, listing: Listing, dispatch: Dispatch<SelectionAction>): void {
  const list = hashKey(listKey(place));
  useEffect(
    () => onLeft((ids, filter) => hashKey(listKey(filter)) === list && dispatch({ do: "lose", ids })),
    [list, dispatch],
  );
  useEffect(() => {
    const all = listing.documents.length === listing.total;
    if (all) dispatch({ do: "keep", ids: new Set(listing.documents.map(({ id }) => id)) });
  }, [listing, dispatch]);
}
