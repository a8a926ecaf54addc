import { useQuery } from "@tanstack/react-query";
import { CircleCheck, RotateCw } from "lucide-react";
import { useState } from "react";
import { failureReason } from "@/shared/lib/failure-text";
import { exactly, moment } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { ConfirmDialog } from "@/shared/ui/ConfirmDialog";
import { EmptyState } from "@/shared/ui/EmptyState";
import { Panel, Row, Rows } from "@/shared/ui/Panel";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { Waiting } from "@/shared/ui/Waiting";
import styles from "./Admin.module.css";
import { type Failure, failuresQuery, useRetry } from "./failures";

export function Failures() {
  const { t } = useTexts("admin");
  const list = useQuery(failuresQuery);
  const retry = useRetry();
  const [asked, setAsked] = useState(false);
  const failures = list.data?.items ?? [];
  const count = failures.reduce((sum, failure) => sum + failure.count, 0);
  return (
    <Panel
      text={t("failures.text")}
      actions={
        failures.length > 1 && (
          <Button icon={<RotateCw />} busy={retry.isPending} onClick={() => setAsked(true)}>
            {t("failures.retryAll")}
          </Button>
        )
      }
    >
      {list.isPending && <Waiting />}
      {list.error && <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isSuccess && failures.length === 0 && (
        <EmptyState icon={<CircleCheck />} title={t("failures.none")}>
          {t("failures.noneText")}
        </EmptyState>
      )}
      {failures.length > 0 && (
        <Rows label={t("failures.label")}>
          {failures.map((failure) => (
            <FailureRow
              key={failure.code}
              failure={failure}
              busy={retry.isPending}
              onRetry={() => retry.mutate(failure.code)}
            />
          ))}
        </Rows>
      )}
      {asked && (
        <ConfirmDialog
          title={t("failures.retryAllTitle")}
          text={t("failures.retryAllText", { count })}
          confirm={t("failures.retryAll")}
          onConfirm={() => retry.mutate(null)}
          onClose={() => setAsked(false)}
        />
      )}
    </Panel>
  );
}

type RowProps = { failure: Failure; busy: boolean; onRetry: () => void };

function FailureRow({ failure, busy, onRetry }: RowProps) {
  const { t } = useTexts("admin");
  const { reason, todo } = failureReason(failure.code, failure.detail);
  return (
    <Row
      title={
        <>
          {reason} <code className={styles.code}>{failure.code}</code>
        </>
      }
      detail={
        <>
          <p>{todo}</p>
          <p title={exactly(failure.oldest)}>
            <strong className={styles.strong}>{t("failures.count", { count: failure.count })}</strong>{" "}
            {t("failures.owners", { count: failure.owners })},{" "}
            {t("failures.oldest", { when: moment(failure.oldest) })}
          </p>
        </>
      }
      wraps
    >
      <Button
        size="s"
        icon={<RotateCw />}
        disabled={busy}
        aria-label={t("failures.retryOf", { reason })}
        onClick={onRetry}
      >
        {t("failures.retry")}
      </Button>
    </Row>
  );
}
