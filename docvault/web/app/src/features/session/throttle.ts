import { useEffect, useState } from "react";
import type { Problem } from "@/shared/api/problem";

/** Whole seconds until the server takes another try, counting down; 0 when it takes one now. */
export function useSecondsLeft(problem: Problem | null): number {
  const [now, setNow] = useState(0);
  const [until, setUntil] = useState(0);
  useEffect(() => {
    if (problem?.status !== 429 || problem.retryAfter === null) return setUntil(0);
    const end = Date.now() + problem.retryAfter * 1000;
    const tick = () => {
      setNow(Date.now());
      if (Date.now() >= end) clearInterval(timer);
    };
    const timer = setInterval(tick, 1000);
    setUntil(end);
    tick();
    return () => clearInterval(timer);
  }, [problem]);
  return Math.max(0, Math.ceil((until - now) / 1000));
}
