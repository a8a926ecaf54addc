import { useQuery } from "@tanstack/react-query";
import { Ellipsis, ListChecks, Power, PowerOff, Send, Trash2 } from "lucide-react";
import { useState } from "react";
import { moment } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { ConfirmDialog } from "@/shared/ui/ConfirmDialog";
import { IconButton } from "@/shared/ui/IconButton";
import { Menu, MenuItem, MenuSeparator } from "@/shared/ui/Menu";
import { Badge, Row } from "@/shared/ui/Panel";
import { DeliveriesDialog } from "./DeliveriesDialog";
import { lastDeliveryQuery, useWebhookActions, type Webhook } from "./webhooks";

export function WebhookRow({ webhook }: { webhook: Webhook }) {
  const { t } = useTexts("settings");
  const [asked, setAsked] = useState<"log" | "delete" | null>(null);
  const { remove } = useWebhookActions(webhook);
  const last = useQuery(lastDeliveryQuery(webhook.id)).data;
  const { url, enabled, failing_since, disabled_reason } = webhook;
  return (
    <Row
      title={
        <>
          {url}
          <Badge kind={enabled ? "good" : "plain"}>{enabled ? t("webhooks.on") : t("webhooks.off")}</Badge>
          {enabled && failing_since && (
            <Badge kind="bad">{t("webhooks.failing", { when: moment(failing_since) })}</Badge>
          )}
        </>
      }
      detail={
        <>
          {disabled_reason && <p>{disabled_reason}</p>}
          <p>
            {last
              ? t("webhooks.last", {
                  status: t(`webhooks.status.${last.status}`),
                  when: moment(last.delivered_at ?? last.created_at),
                })
              : last === null && t("webhooks.logEmpty")}
          </p>
        </>
      }
    >
      <WebhookMenu webhook={webhook} onAsk={setAsked} />
      {asked === "log" && <DeliveriesDialog webhook={webhook} onClose={() => setAsked(null)} />}
      {asked === "delete" && (
        <ConfirmDialog
          title={t("webhooks.deleteTitle")}
          text={t("webhooks.deleteText", { url })}
          confirm={t("webhooks.delete")}
          onConfirm={() => remove()}
          onClose={() => setAsked(null)}
        />
      )}
    </Row>
  );
}

function WebhookMenu({ webhook, onAsk }: { webhook: Webhook; onAsk: (what: "log" | "delete") => void }) {
  const { t } = useTexts("settings");
  const { enable, test } = useWebhookActions(webhook);
  return (
    <Menu
      trigger={
        <IconButton label={t("webhooks.menu", { url: webhook.url })}>
          <Ellipsis />
        </IconButton>
      }
    >
      <MenuItem icon={<Send />} disabled={!webhook.enabled} onSelect={() => test()}>
        {t("webhooks.test")}
      </MenuItem>
      <MenuItem icon={<ListChecks />} onSelect={() => onAsk("log")}>
        {t("webhooks.log")}
      </MenuItem>
      <MenuItem icon={webhook.enabled ? <PowerOff /> : <Power />} onSelect={() => enable(!webhook.enabled)}>
        {webhook.enabled ? t("webhooks.disable") : t("webhooks.enable")}
      </MenuItem>
      <MenuSeparator />
      <MenuItem icon={<Trash2 />} danger onSelect={() => onAsk("delete")}>
        {t("webhooks.delete")}
      </MenuItem>
    </Menu>
  );
}
