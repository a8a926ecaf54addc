/**
 * A question that somebody stopped is kept by the server only after it has seen that nobody listens any more. Whoever
 * asks it anew at once must wait for that.
 */
import { asProblem } from "@/shared/api/problem";
import type { Asking } from "./reducer";

export const SETTLES = 700; // milliseconds in which the server keeps what was said before somebody stopped it
export const LATELY = 5000; // milliseconds in which what is not there may still come

/** Whether this may be kept in a moment. `stoppedAt` in milliseconds, of the clock that `now` is of. */
export function mayCome(error: unknown, asking: Asking, stoppedAt: number | undefined, now: number): boolean {
  const { status } = asProblem(error);
  return status === 404 && asking.conversationId !== null && now - (stoppedAt ?? -Infinity) < LATELY;
}

/** The same for a server that kept nothing of what was stopped: nothing is there that it could take the place of. */
export function anew(asking: Asking, error: unknown): Asking {
  const { replaces: _gone, regenerates: _again, ...question } = asking;
  const known = asProblem(error).code === "question_not_found";
  return { ...question, conversationId: known ? asking.conversationId : null };
}
