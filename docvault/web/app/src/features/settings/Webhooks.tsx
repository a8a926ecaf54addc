import { useQuery } from "@tanstack/react-query";
import { Plus, Webhook as WebhookIcon } from "lucide-react";
import { useState } from "react";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { EmptyState } from "@/shared/ui/EmptyState";
import { Panel, Rows } from "@/shared/ui/Panel";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { Waiting } from "@/shared/ui/Waiting";
import { NewWebhookDialog } from "./NewWebhookDialog";
import { WebhookRow } from "./WebhookRow";
import { webhooksQuery } from "./webhooks";

export function Webhooks() {
  const { t } = useTexts("settings");
  const [making, setMaking] = useState(false);
  const list = useQuery(webhooksQuery);
  const all = list.data?.items ?? [];
  const make = (
    <Button kind="primary" icon={<Plus />} onClick={() => setMaking(true)}>
      {t("webhooks.new")}
    </Button>
  );
  return (
    <Panel text={t("webhooks.text")} actions={all.length > 0 && make}>
      {list.isPending && <Waiting />}
      {list.error && <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isSuccess && all.length === 0 && (
        <EmptyState icon={<WebhookIcon />} title={t("webhooks.empty")} actions={make}>
          {t("webhooks.emptyText")}
        </EmptyState>
      )}
      {all.length > 0 && (
        <Rows label={t("webhooks.title")}>
          {all.map((webhook) => (
            <WebhookRow key={webhook.id} webhook={webhook} />
          ))}
        </Rows>
      )}
      {making && <NewWebhookDialog onClose={() => setMaking(false)} />}
    </Panel>
  );
}
