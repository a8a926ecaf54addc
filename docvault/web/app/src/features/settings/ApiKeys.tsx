import { useInfiniteQuery } from "@tanstack/react-query";
import { KeyRound, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { day, moment } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { ConfirmDialog } from "@/shared/ui/ConfirmDialog";
import { EmptyState } from "@/shared/ui/EmptyState";
import { EndOfList } from "@/shared/ui/EndOfList";
import { IconButton } from "@/shared/ui/IconButton";
import { Badge, Panel, Row, Rows } from "@/shared/ui/Panel";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { Waiting } from "@/shared/ui/Waiting";
import { type ApiKey, apiKeysQuery, SCOPE_TEXTS, SCOPES, useDeleteKey } from "./api-keys";
import { NewKeyDialog } from "./NewKeyDialog";

export function ApiKeys() {
  const { t } = useTexts("settings");
  const [making, setMaking] = useState(false);
  const [leaving, setLeaving] = useState<ApiKey | null>(null);
  const list = useInfiniteQuery(apiKeysQuery);
  const remove = useDeleteKey();
  const all = list.data?.pages.flatMap((page) => page.items) ?? [];
  const make = (
    <Button kind="primary" icon={<Plus />} onClick={() => setMaking(true)}>
      {t("keys.new")}
    </Button>
  );
  return (
    <Panel text={t("keys.text")} actions={all.length > 0 && make}>
      {list.isPending && <Waiting />}
      {list.error && <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isSuccess && all.length === 0 && (
        <EmptyState icon={<KeyRound />} title={t("keys.empty")} actions={make}>
          {t("keys.emptyText")}
        </EmptyState>
      )}
      {all.length > 0 && (
        <Rows label={t("keys.title")}>
          {all.map((key) => (
            <KeyRow key={key.id} apiKey={key} onDelete={() => setLeaving(key)} />
          ))}
        </Rows>
      )}
      <EndOfList more={list.hasNextPage} busy={list.isFetchingNextPage} onReach={list.fetchNextPage} />
      {making && <NewKeyDialog onClose={() => setMaking(false)} />}
      {leaving && (
        <ConfirmDialog
          title={t("keys.deleteTitle", { name: leaving.name })}
          text={t("keys.deleteText")}
          confirm={t("keys.deleteSubmit")}
          onConfirm={() => remove.mutate(leaving)}
          onClose={() => setLeaving(null)}
        />
      )}
    </Panel>
  );
}

function KeyRow({ apiKey, onDelete }: { apiKey: ApiKey; onDelete: () => void }) {
  const { t } = useTexts("settings");
  const { name, prefix, scopes, created_at, expires_at, last_used_at } = apiKey;
  const expired = expires_at !== null && new Date(expires_at) <= new Date();
  const may = SCOPES.filter((scope) => scopes.includes(scope)).map((scope) =>
    t(`scope.${SCOPE_TEXTS[scope]}`),
  );
  const times = [
    t("keys.made", { when: moment(created_at) }),
    expires_at && !expired ? t("keys.until", { date: day(expires_at) }) : null,
    last_used_at ? t("keys.used", { when: moment(last_used_at) }) : t("keys.neverUsed"),
  ].filter(Boolean);
  return (
    <Row
      icon={<KeyRound />}
      title={
        <>
          {name} <code>{prefix}…</code> {expired && <Badge kind="warn">{t("keys.expired")}</Badge>}
        </>
      }
      detail={
        <>
          <span>{may.join(" · ")}</span>
          <br />
          <span>{times.join(", ")}</span>
        </>
      }
    >
      <IconButton label={t("keys.delete", { name })} onClick={onDelete}>
        <Trash2 />
      </IconButton>
    </Row>
  );
}
