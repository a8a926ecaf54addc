import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Search, X } from "lucide-react";
import { useEffect, useMemo, useRef } from "react";
import { useTyped } from "@/shared/lib/typed";
import { useTexts } from "@/shared/texts";
import { IconButton } from "@/shared/ui/IconButton";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import type { SearchPlace } from "@/shared/vault/place";
import { grouped } from "./group";
import { searchQuery, TYPING } from "./query";
import { cameBack, Results } from "./Results";
import { SearchEmpty } from "./SearchEmpty";
import { SearchFilters } from "./SearchFilters";
import styles from "./SearchPage.module.css";

const route = getRouteApi("/inside/search");

export function SearchPage() {
  const { t } = useTexts("search");
  const place = route.useSearch();
  const navigate = route.useNavigate();
  const go = (change: Partial<SearchPlace>) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const answer = useQuery(searchQuery(place));
  const groups = useMemo(() => grouped(answer.data?.hits ?? []), [answer.data]);
  const list = useRef<HTMLDivElement>(null);
  return (
    <div className={styles.page}>
      <h1 className="visually-hidden">{t("title")}</h1>
      <div className={styles.head}>
        <Field
          q={place.q ?? ""}
          busy={answer.isFetching}
          onQuery={(q) => go({ q })}
          onDown={() => focusFirst(list.current)}
        />
        <SearchFilters place={place} go={go} />
      </div>
      <div ref={list} className={styles.results}>
        {answer.error && <ProblemNote error={answer.error} onRetry={() => void answer.refetch()} />}
        <p className="visually-hidden" role="status">
          {place.q && answer.data ? t("found", { count: answer.data.hits.length }) : ""}
        </p>
        {!place.q ? (
          <SearchEmpty kind="start" />
        ) : answer.isSuccess && groups.length === 0 ? (
          <SearchEmpty kind="nothing" />
        ) : (
          <Results place={place} groups={groups} stale={answer.isPlaceholderData} />
        )}
      </div>
    </div>
  );
}

type FieldProps = { q: string; busy: boolean; onQuery: (q: string | undefined) => void; onDown: () => void };

function Field({ q, busy, onQuery, onDown }: FieldProps) {
  const { t } = useTexts("search");
  const [text, setText] = useTyped(q, TYPING, (typed) => onQuery(typed || undefined));
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (!cameBack()) input.current?.focus();
  }, []);
  return (
    <search className={styles.field} aria-busy={busy}>
      <Search aria-hidden="true" />
      <input
        ref={input}
        type="search"
        aria-label={t("label")}
        placeholder={t("placeholder")}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") {
            event.preventDefault();
            onDown();
          }
        }}
      />
      {text && (
        <IconButton
          label={t("clear")}
          onClick={() => {
            setText("");
            input.current?.focus();
          }}
        >
          <X />
        </IconButton>
      )}
    </search>
  );
}

function focusFirst(list: HTMLElement | null): void {
  list?.querySelector<HTMLElement>("a[data-hit]")?.focus();
}
