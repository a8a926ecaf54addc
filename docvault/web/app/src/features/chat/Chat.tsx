import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { useTexts } from "@/shared/texts";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { Skeleton } from "@/shared/ui/Skeleton";
import { aboutQuery } from "@/shared/vault/about";
import type { ChatPlace } from "@/shared/vault/place";
import { Announcer } from "./Announcer";
import { ActionsProvider } from "./actions";
import styles from "./Chat.module.css";
import { ChatHeader } from "./ChatHeader";
import { Composer } from "./composer/Composer";
import { isNarrowed, type Scope, scopeAt } from "./composer/scope";
import { type Thread as Conversation, useConversation } from "./conversation";
import { stop, usePlaceNow } from "./live/store";
import { moveModels, useChosenModels } from "./models";
import { Thread } from "./thread/Thread";
import { useChatActions } from "./useChatActions";
import { Welcome } from "./Welcome";

const MAX_CHARS = 8000; // until the server says what it takes

/** `asked` is what the address says: which documents, and a question to begin with. */
export function Chat({ place, asked }: { place: string; asked: ChatPlace }) {
  const conversation = useConversation(place);
  const { turns } = conversation;
  const [models, choose] = useChosenModels(place, turns.at(-1)?.models ?? []);
  const limits = useQuery(aboutQuery).data?.limits;
  const maxChars = limits?.max_question_chars ?? MAX_CHARS;
  const last = turns.at(-1)?.filters;
  const scope = useMemo(() => scopeAt(asked, last), [asked, last]);
  const actions = useChatActions(place, conversation, models, scope, maxChars);
  const setScope = useSetScope(place);
  useMove(place, asked, models);
  return (
    <ActionsProvider value={actions}>
      <div className={styles.page}>
        <ChatHeader place={place} title={conversation.title} />
        <Middle place={place} conversation={conversation} onExample={actions.send} />
        <div className={styles.below}>
          <Composer
            place={place}
            first={asked.q}
            maxChars={maxChars}
            busy={actions.busy}
            models={models}
            onModels={choose}
            scope={scope}
            onScope={setScope}
            onSend={actions.send}
            onStop={() => stop(place)}
          />
        </div>
        <Announcer turns={turns} />
      </div>
    </ActionsProvider>
  );
}

type MiddleProps = { place: string; conversation: Conversation; onExample: (question: string) => void };

function Middle({ place, conversation, onExample }: MiddleProps) {
  const { turns, loading, error, refetch } = conversation;
  if (turns.length) return <Thread place={place} turns={turns} />;
  if (error)
    return (
      <div className={styles.middle}>
        <ProblemNote error={error} onRetry={refetch} />
      </div>
    );
  if (loading) return <Loading />;
  return <Welcome onExample={onExample} />;
}

function Loading() {
  const { t } = useTexts();
  return (
    <div className={styles.middle} role="status" aria-label={t("loading")}>
      <Skeleton width="55%" height="2.2rem" />
      <Skeleton width="96%" />
      <Skeleton width="88%" />
      <Skeleton width="60%" />
    </div>
  );
}

/** What is asked about stands in the address. */
function useSetScope(place: string): (scope: Scope) => void {
  const navigate = useNavigate();
  return useCallback(
    ({ folder, tags, documents }) => {
      const all = isNarrowed({ folder, tags, documents }) ? undefined : (true as const);
      const search = { folder, tags, documents, all };
      if (place.startsWith("new-")) void navigate({ to: "/chat", search, replace: true });
      else
        void navigate({
          to: "/chat/$conversationId",
          params: { conversationId: place },
          search,
          replace: true,
        });
    },
    [navigate, place],
  );
}

/** A chat that has just learnt its id goes to its address. */
function useMove(place: string, { folder, tags, documents, all }: ChatPlace, models: string[]): void {
  const navigate = useNavigate();
  const now = usePlaceNow(place);
  const moved = useRef(place);
  useEffect(() => {
    if (now === moved.current) return;
    moved.current = now;
    moveModels(now, models);
    const search = { folder, tags, documents, all };
    void navigate({ to: "/chat/$conversationId", params: { conversationId: now }, search, replace: true });
  });
}
