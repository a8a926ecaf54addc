import { useRef } from "react";

/** A batch is all that waited at once since last nothing did: how many there were at most, and how many are done. */
export function useBatch(open: number): { done: number; all: number } {
  const most = useRef(0);
  most.current = open === 0 ? 0 : Math.max(most.current, open);
  return { done: most.current - open, all: most.current };
}
