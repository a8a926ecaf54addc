/** One conversation: what the server keeps of it, and what is being said. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { api, body } from "@/shared/api/client";
import { asProblem } from "@/shared/api/problem";
import { keys } from "@/shared/vault/keys";
import { drop, keyOf, useIsKept, useLiveTurns } from "./live/store";
import { covered, merged, turnsOf } from "./thread/turns";
import type { Turn } from "./types";

export function conversationQuery(id: string) {
  return queryOptions({
    queryKey: keys.conversation(id),
    queryFn: () =>
      body(api.GET("/api/conversations/{conversation_id}", { params: { path: { conversation_id: id } } })),
  });
}

export type Thread = {
  turns: Turn[];
  title: string;
  /** The server does not have it, so that no question can follow in it. */
  missing: boolean;
  loading: boolean;
  error: unknown;
  refetch: () => void;
};

export function useConversation(place: string): Thread {
  const live = useLiveTurns(place);
  const query = useQuery({ ...conversationQuery(place), enabled: useIsKept(place) });
  const saved = useMemo(() => turnsOf(query.data?.messages ?? [], keyOf), [query.data]);
  const turns = useMemo(() => merged(saved, live), [saved, live]);
  useEffect(() => {
    const byQuestion = new Map(saved.map((turn) => [turn.questionId, turn]));
    drop(
      live
        .filter((one) => {
          const turn = byQuestion.get(one.questionId);
          return turn !== undefined && covered(turn, one);
        })
        .map((one) => one.key),
    );
  }, [saved, live]);
  return {
    turns,
    title: query.data?.title ?? live[0]?.question ?? "",
    missing: place.startsWith("new-") || asProblem(query.error).status === 404,
    loading: query.isLoading && live.length === 0,
    error: live.length === 0 ? query.error : null,
    refetch: () => void query.refetch(),
  };
}
