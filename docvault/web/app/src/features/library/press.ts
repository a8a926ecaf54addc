/** A document under the pointer: a click opens it, with Ctrl or Shift it is chosen; a finger that rests chooses it too. */
import { useNavigate } from "@tanstack/react-router";
import { type MouseEvent, type PointerEvent, useRef } from "react";
import type { ItemProps } from "./DocumentRow";

const LONG = 450; // milliseconds a finger rests
const STILL = 10; // pixels it may move meanwhile

type Pressed = Pick<ItemProps, "document" | "index" | "chosen" | "onChoose">;

export function usePress({ document, index, chosen, onChoose }: Pressed) {
  const navigate = useNavigate();
  const finger = useRef<{ x: number; y: number; timer: ReturnType<typeof setTimeout> } | null>(null);
  const held = useRef(false); // the click that ends a long press is none
  const lift = () => {
    clearTimeout(finger.current?.timer);
    finger.current = null;
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      held.current = false;
      if (event.pointerType !== "touch" || !isOwn(event)) return;
      const timer = setTimeout(() => {
        held.current = true;
        onChoose(index, event);
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
      const touched = (event.nativeEvent as globalThis.PointerEvent).pointerType === "touch";
      const chooses = touched && chosen.size > 0 && isOwn(event);
      if (!held.current && !chooses) return;
      if (!held.current) onChoose(index, event);
      held.current = false;
      event.preventDefault();
      event.stopPropagation();
    },
    onClick: (event: MouseEvent) => {
      if (!isOwn(event) || event.defaultPrevented) return;
      if ((event.target as Element).closest("a")) return; // with Ctrl: another tab
      if (event.shiftKey || event.ctrlKey || event.metaKey) onChoose(index, event);
      else void navigate({ to: "/documents/$documentId", params: { documentId: document.id }, search: {} });
    },
  };
}

/** Neither from a control within, nor from a menu that React counts to the row. */
function isOwn(event: MouseEvent): boolean {
  const target = event.target as Element;
  return event.currentTarget.contains(target) && !target.closest("button, input, label");
}

/** A finger that rests chooses; only a mouse drags. */
export const DRAGS = typeof matchMedia !== "undefined" && matchMedia("(any-pointer: fine)").matches;
