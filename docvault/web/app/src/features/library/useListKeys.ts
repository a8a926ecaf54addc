/** The list by keyboard and by click: one row takes the focus, arrows move it, Shift and Ctrl choose. */
import { useNavigate } from "@tanstack/react-router";
import {
  type FocusEvent,
  type KeyboardEvent,
  type RefObject,
  useCallback,
  useEffect,
  useRef,
  useState,
} from "react";
import type { LibraryPlace } from "@/shared/vault/place";
import { useActions } from "./actions";
import { openDialog } from "./dialogs";
import type { Listing } from "./list";
import type { Choosing } from "./useChoosing";
import type { Sight } from "./useRowWindow";

type Given = {
  grid: RefObject<HTMLElement | null>;
  listing: Listing;
  columns: number;
  place: LibraryPlace;
  choosing: Choosing;
  /** Lines in sight. */
  sight: Sight;
  /** Brings a line of the list into sight. */
  show: (line: number) => void;
};

export function useListKeys({ grid, listing, columns, place, choosing, sight, show }: Given) {
  const [focused, setFocused] = useState(0);
  const end = Math.max(0, (listing.total ?? 0) - 1);
  const here = Math.min(focused, end);
  const moved = useRef(false);
  const within = useRef(false); // the list has the focus
  const navigate = useNavigate();
  const actions = useActions();

  // A row far away is drawn only when the list has come to it; one that was deleted leaves its place to the next, and
  // one that was scrolled out of sight to the list, which goes on from it with the next key.
  useEffect(() => {
    const lost = within.current && document.activeElement === document.body;
    if (!moved.current && !lost) return;
    const row = document.querySelector<HTMLElement>(`[data-index="${here}"]`);
    const list = lost ? grid.current : null;
    (row ?? list)?.focus({ preventScroll: true });
    if (row) moved.current = false;
  });

  const choose = useCallback(
    (index: number, event: { shiftKey: boolean }) => {
      setFocused(index);
      if (event.shiftKey) choosing.reach(index);
      else choosing.toggle(index);
    },
    [choosing],
  );

  function onFocus(event: FocusEvent) {
    within.current = true;
    const index = (event.target as HTMLElement).closest<HTMLElement>("[data-index]")?.dataset.index;
    if (index !== undefined) setFocused(Number(index));
  }

  function onBlur(event: FocusEvent) {
    within.current = !event.target.isConnected;
  }

  function move(by: number, event: KeyboardEvent) {
    const next = Math.min(Math.max(here + by, 0), end);
    event.preventDefault();
    if (event.shiftKey) choosing.reach(next, choosing.chosen.size === 0 ? here : undefined);
    setFocused(next);
    show(Math.floor(next / columns));
    moved.current = true;
  }

  function act(event: KeyboardEvent): boolean {
    const document = listing.at(here);
    if (!document) return false;
    const acted = choosing.chosen.size ? [...choosing.chosen] : [document.id];
    if (event.key === "Enter")
      void navigate({ to: "/documents/$documentId", params: { documentId: document.id }, search: {} });
    else if (event.key === " " || event.key === "x") choose(here, event);
    else if (event.key === "Delete" || event.key === "Backspace")
      place.trash ? actions.remove(acted) : actions.trash(acted);
    else if (event.key === "F2") openDialog({ kind: "rename", document });
    else if (event.key === "Escape") choosing.none();
    else if (event.key === "a" && (event.ctrlKey || event.metaKey)) choosing.all();
    else return false;
    return true;
  }

  function onKeyDown(event: KeyboardEvent) {
    const isList = event.target === grid.current;
    if (!isList && !(event.target as HTMLElement).matches("[data-index]")) return; // a button within the row
    const page = Math.max(1, sight.last - sight.first - 1) * columns;
    const steps: Record<string, number> = {
      ArrowDown: columns,
      ArrowUp: -columns,
      PageDown: page,
      PageUp: -page,
      Home: -end,
      End: end,
    };
    if (columns > 1) Object.assign(steps, { ArrowRight: 1, ArrowLeft: -1 });
    const by = steps[event.key];
    if (by !== undefined) move(by, event);
    else if (!isList && act(event)) event.preventDefault(); // nothing is done to what nobody sees
  }

  // Where the list was scrolled away from the row that had the focus, the Tab key finds the first one in sight.
  const drawn = [sight.first * columns, (sight.last + 1) * columns - 1] as const;
  const reached = here < drawn[0] || here > drawn[1] ? Math.min(drawn[0], end) : here;
  return {
    focused: reached,
    choose,
    handlers: { onKeyDown, onFocus, onBlur },
  };
}
