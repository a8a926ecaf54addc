import { useEffect, useRef } from "react";
import { useTexts } from "@/shared/texts";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { Skeleton } from "@/shared/ui/Skeleton";
import { byDay, type DayLabel } from "./days";
import styles from "./History.module.css";
import { Item } from "./Item";
import { useConversations } from "./list";

export function Groups({ q, onChosen }: { q: string; onChosen?: () => void }) {
  const { t } = useTexts("chat");
  const { items, loading, error, refetch, more } = useConversations(q);
  if (loading)
    return (
      <div className={styles.loading} aria-hidden="true">
        <Skeleton width="80%" />
        <Skeleton width="62%" />
        <Skeleton width="74%" />
      </div>
    );
  if (error && !items.length) return <ProblemNote error={error} onRetry={refetch} />;
  if (!items.length)
    return <p className={styles.none}>{q ? t("history.notFound", { q }) : t("history.none")}</p>;
  return (
    <>
      {byDay(items).map((group) => (
        <div key={group.key}>
          <h2 className={styles.day}>
            <Day label={group.label} />
          </h2>
          <ul>
            {group.items.map((item) => (
              <Item key={item.id} conversation={item} found={q !== ""} onChosen={onChosen} />
            ))}
          </ul>
        </div>
      ))}
      {more && <Sentinel onSeen={more} />}
    </>
  );
}

function Day({ label }: { label: DayLabel }) {
  const { t, i18n } = useTexts("chat");
  if (label.kind !== "month") return t(`day.${label.kind}`);
  return new Intl.DateTimeFormat(i18n.language, { month: "long", year: "numeric" }).format(label.month);
}

/** What follows is fetched before anybody gets there. */
function Sentinel({ onSeen }: { onSeen: () => void }) {
  const mark = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const observer = new IntersectionObserver(
      (seen) => {
        if (seen.some((entry) => entry.isIntersecting)) onSeen();
      },
      { rootMargin: "400px" },
    );
    if (mark.current) observer.observe(mark.current);
    return () => observer.disconnect();
  }, [onSeen]);
  return <div ref={mark} className={styles.sentinel} />;
}
