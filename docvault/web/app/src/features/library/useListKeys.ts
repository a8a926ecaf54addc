/** The list by keyboard and by click: one row takes the focus, arrows move it, Shift and Ctrl choose. */
import { useNavigate } from "@tanstack/react-router";
import {
  type Dispatch,
  type FocusEvent,
  type KeyboardEvent,
  useCallback,
  useEffect,
  useRef,
  useState,
} from "react";
import type { LibraryPlace } from "@/shared/vault/place";
import type { DocumentView } from "@/shared/vault/types";
import { useActions } from "./actions";
import { openDialog } from "./dialogs";
import type { Selection, SelectionAction } from "./selection";

type Given = {
  documents: readonly DocumentView[];
  columns: number;
  place: LibraryPlace;
  selection: Selection;
  dispatch: Dispatch<SelectionAction>;
  /** Brings a line of the list into sight. */
  show: (line: number) => void;
};

export function useListKeys({ documents, columns, place, selection, dispatch, show }: Given) {
  const [focused, setFocused] = useState(0);
  const last = Math.min(focused, Math.max(0, documents.length - 1));
  const moved = useRef(false);
  const within = useRef(false); // the list has the focus
  const navigate = useNavigate();
  const actions = useActions();
  const chosen = documents.filter((document) => selection.chosen.has(document.id));

  // A row far away is drawn only when the list has come to it; one that was deleted leaves its place to the next.
  useEffect(() => {
    const lost = within.current && document.activeElement === document.body;
    if (!moved.current && !lost) return;
    const row = document.querySelector<HTMLElement>(`[data-index="${last}"]`);
    row?.focus({ preventScroll: lost });
    if (row) moved.current = false;
  });

  const choose = useCallback(
    (index: number, event: { shiftKey: boolean }) => {
      const id = documents[index]?.id;
      if (!id) return;
      setFocused(index);
      if (event.shiftKey) dispatch({ do: "range", id, order: documents.map((one) => one.id) });
      else dispatch({ do: "toggle", id });
    },
    [documents, dispatch],
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
    const next = Math.min(Math.max(last + by, 0), documents.length - 1);
    const id = documents[next]?.id;
    if (!id) return;
    event.preventDefault();
    if (event.shiftKey) {
      if (selection.chosen.size === 0) dispatch({ do: "only", id: documents[last]?.id ?? id });
      dispatch({ do: "range", id, order: documents.map((one) => one.id) });
    }
    setFocused(next);
    show(Math.floor(next / columns));
    moved.current = true;
  }

  function act(event: KeyboardEvent): boolean {
    const here = documents[last];
    const acted = chosen.length ? chosen : here ? [here] : [];
    if (!here) return false;
    if (event.key === "Enter")
      void navigate({ to: "/documents/$documentId", params: { documentId: here.id }, search: {} });
    else if (event.key === " " || event.key === "x") choose(last, event);
    else if (event.key === "Delete" || event.key === "Backspace")
      place.trash ? actions.remove(acted) : actions.trash(acted);
    else if (event.key === "F2") openDialog({ kind: "rename", document: here });
    else if (event.key === "Escape") dispatch({ do: "none" });
    else if (event.key === "a" && (event.ctrlKey || event.metaKey))
      dispatch({ do: "all", order: documents.map((one) => one.id) });
    else return false;
    return true;
  }

  function onKeyDown(event: KeyboardEvent) {
    if (!(event.target as HTMLElement).matches("[data-index]")) return; // a button within the row
    const steps: Record<string, number> = {
      ArrowDown: columns,
      ArrowUp: -columns,
      PageDown: 10 * columns,
      PageUp: -10 * columns,
      Home: -documents.length,
      End: documents.length,
    };
    if (columns > 1) Object.assign(steps, { ArrowRight: 1, ArrowLeft: -1 });
    const by = steps[event.key];
    if (by !== undefined) move(by, event);
    else if (act(event)) event.preventDefault();
  }

  return { focused: last, choose, onKeyDown, onFocus, onBlur };
}
