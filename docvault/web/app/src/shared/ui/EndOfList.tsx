import { useEffect, useRef } from "react";
import { Spinner } from "./Spinner";

const EARLY = "400px"; // before the end comes into sight

type Props = {
  /** More could be had. */
  more: boolean;
  /** It is being fetched. */
  busy: boolean;
  onReach: () => void;
};

/** Below a list that comes in pages: asks for the next one when it is nearly in sight. */
export function EndOfList({ more, busy, onReach }: Props) {
  const mark = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!more || busy || !mark.current) return;
    const watcher = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) onReach();
      },
      { rootMargin: EARLY },
    );
    watcher.observe(mark.current);
    return () => watcher.disconnect();
  }, [more, busy, onReach]);
  return <div ref={mark}>{busy && <Spinner />}</div>;
}
