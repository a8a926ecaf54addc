/** A document under the pointer: a click opens it, with Ctrl or Shift it is chosen; a finger that rests chooses it too. */
import { useNavigate, useRouter } from "@tanstack/react-router";
import { type MouseEvent, type PointerEvent, type SyntheticEvent, useRef } from "react";
import type { Listing } from "./list";
import type { Choosing } from "./useChoosing";

const LONG = 450; // milliseconds a finger rests
const STILL = 10; // pixels it may move meanwhile

type Given = {
  listing: Listing;
  choosing: Choosing;
  onChoose: (index: number, event: { shiftKey: boolean }) => void;
};

/** Handlers for the whole list. */
export function usePress({ listing, choosing, onChoose }: Given) {
  const navigate = useNavigate();
  const router = useRouter();
  const finger = useRef<{ x: number; y: number; timer: ReturnType<typeof setTimeout> } | null>(null);
  const held = useRef(false); // the click that ends a long press is none
  const fetched = useRef(false); // what opens a document
  const lift = () => {
    clearTimeout(finger.current?.timer);
    finger.current = null;
  };
  const to = (documentId: string) =>
    ({ to: "/documents/$documentId", params: { documentId }, search: {} }) as const;
  return {
    onPointerOver: (event: PointerEvent) => {
      const id = listing.at(rowAt(event) ?? -1)?.id;
      if (fetched.current || !id) return;
      fetched.current = true;
      router.preloadRoute(to(id)).catch(() => undefined);
    },
    onPointerDown: (event: PointerEvent) => {
      held.current = false;
      const index = ownRow(event);
      if (event.pointerType !== "touch" || index === null) return;
      const timer = setTimeout(() => {
        held.current = true;
        onChoose(index, { shiftKey: false });
      }, LONG);
      finger.current = { x: event.clientX, y: event.clientY, timer };
    },
    onPointerMove: (event: PointerEvent) => {
      const from = finger.current;
      if (from && Math.hypot(event.clientX - from.x, event.clientY - from.y) > STILL) lift();
    },
    onPointerUp: lift,
    onPointerCancel: lift,
    onContextMenu: (event: MouseEvent) => {
      if (finger.current || held.current) event.preventDefault();
    },
    onClickCapture: (event: MouseEvent) => {
      const index = ownRow(event);
      const touched = (event.nativeEvent as globalThis.PointerEvent).pointerType === "touch";
      const chooses = touched && choosing.chosen.size > 0 && index !== null;
      if (!held.current && !chooses) return;
      if (!held.current && index !== null) onChoose(index, event);
      held.current = false;
      event.preventDefault();
      event.stopPropagation();
    },
    onClick: (event: MouseEvent) => {
      const target = event.target as Element;
      const index = rowAt(event);
      if (index === null || event.defaultPrevented) return;
      if (target.closest("input")) return onChoose(index, event);
      const link = target.closest("a");
      if (link && (!("open" in link.dataset) || hasKey(event))) return; // with Ctrl: another tab
      const id = listing.at(index)?.id;
      if (!id || ownRow(event) === null) return;
      event.preventDefault();
      if (hasKey(event)) onChoose(index, event);
      else void navigate(to(id));
    },
  };
}

function hasKey({ shiftKey, ctrlKey, metaKey }: MouseEvent): boolean {
  return shiftKey || ctrlKey || metaKey;
}

/** The place of the document under the pointer; null in a menu, which React counts to the row. */
export function rowAt(event: SyntheticEvent): number | null {
  const row = (event.target as Element).closest<HTMLElement>("[data-index]");
  return row && event.currentTarget.contains(row) ? Number(row.dataset.index) : null;
}

/** The same, but not from a control within. */
function ownRow(event: SyntheticEvent): number | null {
  return (event.target as Element).closest("button, input, label") ? null : rowAt(event);
}

/** A finger that rests chooses; only a mouse drags. */
export const DRAGS = typeof matchMedia !== "undefined" && matchMedia("(any-pointer: fine)").matches;
