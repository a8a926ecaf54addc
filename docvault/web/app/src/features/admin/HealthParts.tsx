import { Server } from "lucide-react";
import type { ReactNode } from "react";
import { bytes, exactly, moment, number, span } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { Badge, Panel, Row, Rows } from "@/shared/ui/Panel";
import { ProgressBar } from "@/shared/ui/ProgressBar";
import styles from "./Admin.module.css";
import { type Details, roomLevel, waitLevel, workersLevel } from "./health";
import { Level } from "./Level";

export function Queue({ queue }: { queue: Details["queue"] }) {
  const { t } = useTexts("admin");
  if (!queue) return <Unknown title={t("health.queue")} />;
  const waits = queue.due > 0;
  return (
    <Panel title={t("health.queue")}>
      <dl className={styles.figures}>
        <Figure name={t("health.waiting")} value={number(queue.queued)} />
        <Figure name={t("health.reading")} value={number(queue.processing)} />
        <Figure name={t("health.passages")} value={number(Math.round(queue.passages))} />
        <Figure name={t("health.failed")} value={number(queue.failed)} />
      </dl>
      <Rows>
        <Row
          title={t("health.oldest")}
          detail={waits && t("health.due", { count: queue.due, replace: { count: number(queue.due) } })}
        >
          <Level level={waits ? waitLevel(queue.oldest_seconds) : "good"}>
            {waits ? span(queue.oldest_seconds) : t("health.oldestNone")}
          </Level>
        </Row>
      </Rows>
    </Panel>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div className={styles.figure}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

export function Workers({ workers, version }: { workers: Details["workers"]; version: string }) {
  const { t } = useTexts("admin");
  if (!workers) return <Unknown title={t("health.workers")} />;
  return (
    <Panel title={t("health.workers")}>
      <Rows>
        {workers.length === 0 && (
          <Row title={t("health.noWorkers")} detail={t("health.noWorkersText")}>
            <Level level="bad">{t("health.level.bad")}</Level>
          </Row>
        )}
        {workers.map((worker) => (
          <Row
            key={`${worker.host} ${worker.pid}`}
            icon={<Server />}
            title={
              <>
                {worker.host} <span className={styles.value}>{worker.pid}</span>
                {worker.version !== version && <Badge kind="warn">{t("health.otherVersion")}</Badge>}
              </>
            }
            detail={
              <span title={exactly(worker.started_at)}>
                {t("health.jobs", { count: worker.jobs })},{" "}
                {t("health.since", { when: moment(worker.started_at) })}
              </span>
            }
          >
            <Level level={workersLevel([worker], version)}>{worker.version}</Level>
          </Row>
        ))}
      </Rows>
    </Panel>
  );
}

export function Room({ details: { storage, database_bytes } }: { details: Details }) {
  const { t } = useTexts("admin");
  const { free_bytes: free, total_bytes: total } = storage;
  const level = roomLevel(storage);
  const told = free != null && total;
  const words = told
    ? t("health.free", { free: bytes(free), total: bytes(total) })
    : t(storage.kind === "s3" ? "health.bucket" : "health.unknown");
  return (
    <Panel title={t("health.disk")}>
      <Rows>
        <Row
          title={t("health.part.storage")}
          detail={
            <>
              {level === "good" ? storage.kind === "files" && t("health.diskText") : t("health.diskLow")}
              {told && (
                <span className={styles.bar}>
                  <ProgressBar
                    label={t("health.disk")}
                    value={1 - free / total}
                    kind={level === "good" ? "accent" : "bad"}
                  />
                </span>
              )}
            </>
          }
          wraps
        >
          <Level level={level}>{words}</Level>
        </Row>
        <Fact title={t("health.databaseSize")}>
          {database_bytes === null ? t("health.unknown") : bytes(database_bytes)}
        </Fact>
      </Rows>
    </Panel>
  );
}

export function Facts({ details: { versions, embedder } }: { details: Details }) {
  const { t } = useTexts("admin");
  const unknown = t("health.unknown");
  return (
    <Panel title={t("health.versions")}>
      <Rows>
        <Fact title="DocVault">{versions.docvault}</Fact>
        <Fact title={t("health.schema")}>{versions.schema ?? unknown}</Fact>
        <Fact title="PostgreSQL">{versions.postgresql ?? unknown}</Fact>
        <Fact title="Redis">{versions.redis ?? unknown}</Fact>
        <Fact title="Python">{versions.python}</Fact>
        <Fact title={t("health.model")} detail={t("health.dimensions", { count: embedder.dimensions })}>
          {embedder.model}
        </Fact>
      </Rows>
    </Panel>
  );
}

function Fact({ title, detail, children }: { title: string; detail?: string; children: ReactNode }) {
  return (
    <Row title={title} detail={detail}>
      <span className={styles.value}>{children}</span>
    </Row>
  );
}

function Unknown({ title }: { title: string }) {
  const { t } = useTexts("admin");
  return (
    <Panel title={title}>
      <Rows>
        <Row title={t("health.unknown")} detail={t("health.unknownText")}>
          <Level level="warn">{t("health.level.warn")}</Level>
        </Row>
      </Rows>
    </Panel>
  );
}
