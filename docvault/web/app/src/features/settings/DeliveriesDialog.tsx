import { useInfiniteQuery } from "@tanstack/react-query";
import { exactly, moment } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { EndOfList } from "@/shared/ui/EndOfList";
import { Badge, Row, Rows } from "@/shared/ui/Panel";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { Waiting } from "@/shared/ui/Waiting";
import { type Delivery, deliveriesQuery, EVENTS, useSendAgain, type Webhook } from "./webhooks";

const KINDS = { pending: "plain", delivered: "good", failed: "bad" } as const;

export function DeliveriesDialog({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const { t } = useTexts("settings");
  const list = useInfiniteQuery(deliveriesQuery(webhook.id));
  const all = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Dialog open onOpenChange={onClose} title={t("webhooks.log")} description={webhook.url}>
      {list.isPending && <Waiting />}
      {list.error && <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isSuccess && all.length === 0 && <p>{t("webhooks.logEmpty")}</p>}
      {all.length > 0 && (
        <Rows label={t("webhooks.log")}>
          {all.map((delivery) => (
            <DeliveryRow key={delivery.id} delivery={delivery} />
          ))}
        </Rows>
      )}
      <EndOfList more={list.hasNextPage} busy={list.isFetchingNextPage} onReach={list.fetchNextPage} />
    </Dialog>
  );
}

function DeliveryRow({ delivery }: { delivery: Delivery }) {
  const { t } = useTexts("settings");
  const again = useSendAgain();
  const { event, status, created_at, tries, response_status, error } = delivery;
  const known = [...EVENTS, "webhook.test" as const].find((one) => one === event);
  const said = [
    moment(created_at),
    tries > 0 && t("webhooks.tries", { count: tries }),
    response_status && t("webhooks.answered", { status: response_status }),
  ].filter(Boolean);
  return (
    <Row
      title={
        <>
          {known ? t(`webhooks.event.${known}`) : event}
          <Badge kind={KINDS[status]}>{t(`webhooks.status.${status}`)}</Badge>
        </>
      }
      detail={
        <>
          <p title={exactly(created_at)}>{said.join(" · ")}</p>
          {error && <p>{error}</p>}
        </>
      }
      wraps
    >
      {status !== "pending" && (
        <Button size="s" busy={again.isPending} onClick={() => again.mutate(delivery)}>
          {t("webhooks.again")}
        </Button>
      )}
    </Row>
  );
}
