/** What is asked of the server when somebody asks, asks anew, or tries again. */
import { useMemo } from "react";
import type { ChatActions } from "./actions";
import { filtersOf, type Scope } from "./composer/scope";
import type { Thread } from "./conversation";
import { ask, drop, placeNow } from "./live/store";
import type { Turn } from "./types";

type Sending = ChatActions & { send: (question: string) => void };

export function useChatActions(
  place: string,
  { turns, missing }: Pick<Thread, "turns" | "missing">,
  models: string[],
  scope: Scope,
  maxChars: number,
): Sending {
  const busy = turns.some((turn) => turn.busy);
  const filters = useMemo(() => filtersOf(scope), [scope]);
  const conversationId = missing ? null : placeNow(place);
  return useMemo(() => {
    const again = (turn: Turn) => ({ question: turn.question, filters: turn.filters, conversationId });
    return {
      busy,
      maxChars,
      send: (question) => ask({ question, models, filters, conversationId }, place),
      regenerate: (turn, model) => {
        if (turn.questionId) ask({ ...again(turn), models: [model], regenerates: turn.questionId }, place);
      },
      edit: (turn, question) => {
        if (turn.questionId) ask({ ...again(turn), question, models, replaces: turn.questionId }, place);
      },
      retry: (turn) => {
        const { key, replaces, regenerates } = turn.refused ?? { key: turn.key };
        drop([key]);
        if (regenerates) {
          const { questionId, models } = regenerates;
          ask({ ...again(turn), models, regenerates: questionId }, place);
        } else ask({ ...again(turn), models, ...(replaces && { replaces }) }, place);
      },
    };
  }, [busy, maxChars, models, filters, conversationId, place]);
}
