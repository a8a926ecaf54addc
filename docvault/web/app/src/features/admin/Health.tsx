import { useQuery } from "@tanstack/react-query";
import { useTexts } from "@/shared/texts";
import { Panel, Row, Rows } from "@/shared/ui/Panel";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { Waiting } from "@/shared/ui/Waiting";
import { keys } from "@/shared/vault/keys";
import styles from "./Admin.module.css";
import { Facts, Queue, Room, Workers } from "./HealthParts";
import {
  type Brief,
  briefHealth,
  type Details,
  healthQuery,
  type Level as Kind,
  partLevel,
  worst,
} from "./health";
import { Level } from "./Level";

/** Refreshed while it is looked at. */
export function Health() {
  const details = useQuery(healthQuery);
  if (details.isPending) return <Waiting />;
  if (details.isError) return <WithoutDetails error={details.error} again={() => void details.refetch()} />;
  return <Known details={details.data} at={details.dataUpdatedAt} />;
}

function Known({ details, at }: { details: Details; at: number }) {
  const { t, i18n } = useTexts("admin");
  const level = worst(details);
  const attention = details.status === "ok" && level !== "good";
  const when = new Intl.DateTimeFormat(i18n.language, { timeStyle: "medium" }).format(at);
  return (
    <>
      <Summary
        level={level}
        title={attention ? t("health.attention") : t(`health.status.${details.status}`)}
        text={attention ? t("health.attentionText") : t(`health.statusText.${details.status}`)}
        note={t("health.updated", { when })}
      />
      <Parts parts={details.parts} />
      <Queue queue={details.queue} />
      <Workers workers={details.workers} version={details.versions.docvault} />
      <Room details={details} />
      <Facts details={details} />
    </>
  );
}

/** The database is away, and with it who may ask for more: what anybody may know has to do. */
function WithoutDetails({ error, again }: { error: Error; again: () => void }) {
  const { t } = useTexts("admin");
  const brief = useQuery({
    queryKey: [...keys.health, "brief"],
    queryFn: briefHealth,
    refetchInterval: 10_000,
  });
  return (
    <>
      <ProblemNote error={error} onRetry={again} />
      {brief.data && (
        <>
          <Summary
            level={levelOf(brief.data)}
            title={t(`health.status.${brief.data.status}`)}
            text={t(`health.statusText.${brief.data.status}`)}
          />
          <Parts parts={brief.data.parts ?? {}} />
        </>
      )}
    </>
  );
}

function levelOf({ status }: Brief): Kind {
  return status === "ok" ? "good" : status === "degraded" ? "warn" : "bad";
}

function Summary({ level, title, text, note }: { level: Kind; title: string; text: string; note?: string }) {
  return (
    <div className={styles.summary} data-level={level}>
      <p className={styles.summaryTitle} role="status">
        <Level level={level}>{title}</Level>
      </p>
      <p>{text}</p>
      {note && <p className={styles.note}>{note}</p>}
    </div>
  );
}

const PARTS = ["database", "redis", "storage", "embedder"] as const;

function Parts({ parts }: { parts: Record<string, string> }) {
  const { t } = useTexts("admin");
  return (
    <Panel title={t("health.parts")}>
      <Rows>
        {Object.entries(parts).map(([part, state]) => {
          const known = PARTS.find((one) => one === part);
          return (
            <Row
              key={part}
              title={known ? t(`health.part.${known}`) : part}
              detail={known && t(`health.partText.${known}`)}
            >
              <Level level={partLevel(state)}>
                {state === "ok" ? t("health.answers") : t("health.away")}
              </Level>
            </Row>
          );
        })}
      </Rows>
    </Panel>
  );
}
