import { useEffect, useRef } from "react";

type Does = {
  page: (page: number) => void;
  current: number;
  count: number;
  find: () => void;
  close?: () => void;
  /** Larger, smaller, as at first. */
  zoom?: (direction: 1 | -1 | 0) => void;
};

/** The reader's keys, wherever the focus is, except that letters and arrows belong to fields and menus. */
export function useKeys(does: Does): void {
  const latest = useRef(does);
  latest.current = does;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey) return;
      const action =
        event.ctrlKey || event.metaKey ? withCtrl(event, latest.current) : plain(event, latest.current);
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
}

type Action = (() => void) | undefined;

function withCtrl({ key }: KeyboardEvent, { find, zoom }: Does): Action {
  if (key === "f") return find;
  if (!zoom) return undefined;
  if (key === "+" || key === "=") return () => zoom(1);
  if (key === "-") return () => zoom(-1);
  return key === "0" ? () => zoom(0) : undefined;
}

function plain({ key, target }: KeyboardEvent, { page, current, count, close, zoom }: Does): Action {
  if (key === "Escape") return close;
  if (isTaken(target)) return undefined;
  if (key === "ArrowRight" || key === "j") return () => page(current + 1);
  if (key === "ArrowLeft" || key === "k") return () => page(current - 1);
  if (key === "Home") return () => page(1);
  if (key === "End") return () => page(count);
  if (key === "+") return zoom && (() => zoom(1));
  return key === "-" ? zoom && (() => zoom(-1)) : undefined;
}

function isTaken(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest(
      "input, textarea, select, [contenteditable], [role=menu], [role=dialog], [role=radiogroup]",
    ) !== null
  );
}
