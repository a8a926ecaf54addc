import { useEffect, useRef, useState } from "react";

const CALM = 120; // milliseconds at least between two looks

/**
 * The last of what is said, but not oftener than every `CALM`: while the scroll bar is dragged, what flies past is not
 * asked for.
 */
export function useCalm<T>(value: T): T {
  const [calm, setCalm] = useState(value);
  const changed = useRef(0);
  useEffect(() => {
    const wait = changed.current + CALM - performance.now();
    const take = () => {
      changed.current = performance.now();
      setCalm(value);
    };
    if (wait <= 0) return take();
    const timer = setTimeout(take, wait);
    return () => clearTimeout(timer);
  }, [value]);
  return calm;
}
