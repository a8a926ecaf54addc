import { useInfiniteQuery } from "@tanstack/react-query";
import { Globe, Monitor, Smartphone } from "lucide-react";
import { useState } from "react";
import { signOut } from "@/shared/api/session";
import { exactly, moment } from "@/shared/lib/format";
import { useUnsent } from "@/shared/lib/unsent";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { ConfirmDialog } from "@/shared/ui/ConfirmDialog";
import { EndOfList } from "@/shared/ui/EndOfList";
import { Badge, Panel, Row, Rows } from "@/shared/ui/Panel";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { Waiting } from "@/shared/ui/Waiting";
import { deviceOf } from "./device";
import { type SessionView, sessionsQuery, useEndOthers, useEndSession } from "./sessions";

export function Sessions() {
  const { t } = useTexts("settings");
  const list = useInfiniteQuery(sessionsQuery);
  const all = list.data?.pages.flatMap((page) => page.items) ?? [];
  // The one that asks first: it is what all others are compared with.
  const sessions = [...all.filter((one) => one.current), ...all.filter((one) => !one.current)];
  return (
    <Panel
      title={t("sessions.title")}
      text={t("sessions.text")}
      actions={<Ends others={sessions.some((one) => !one.current)} />}
    >
      {list.isPending && <Waiting />}
      {list.error && <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {sessions.length > 0 && (
        <Rows label={t("sessions.title")}>
          {sessions.map((session) => (
            <SessionRow key={session.id} session={session} />
          ))}
        </Rows>
      )}
      <EndOfList more={list.hasNextPage} busy={list.isFetchingNextPage} onReach={list.fetchNextPage} />
    </Panel>
  );
}

function Ends({ others }: { others: boolean }) {
  const { t } = useTexts("settings");
  const [asked, setAsked] = useState(false);
  const sending = useUnsent();
  const endOthers = useEndOthers();
  return (
    <>
      {others && (
        <Button size="s" busy={endOthers.isPending} onClick={() => endOthers.mutate()}>
          {t("sessions.endOthers")}
        </Button>
      )}
      <Button size="s" onClick={() => setAsked(true)}>
        {t("sessions.endAll")}
      </Button>
      {asked && (
        <ConfirmDialog
          title={t("sessions.endAllTitle")}
          text={[t("sessions.endAllText"), sending && t("sessions.endAllSending", { count: sending })]
            .filter(Boolean)
            .join(" ")}
          confirm={t("sessions.endAll")}
          onConfirm={() => void signOut(true)}
          onClose={() => setAsked(false)}
        />
      )}
    </>
  );
}

function SessionRow({ session }: { session: SessionView }) {
  const { t } = useTexts("settings");
  const end = useEndSession();
  const device = deviceOf(session.user_agent);
  const name = !device
    ? t("sessions.unknown")
    : device.system
      ? t("sessions.device", { browser: device.browser, system: device.system })
      : device.browser;
  const used = session.current
    ? t("sessions.usedNow")
    : t("sessions.used", { when: moment(session.refreshed_at) });
  return (
    <Row
      icon={!device?.system ? <Globe /> : device.hand ? <Smartphone /> : <Monitor />}
      title={
        <>
          <span title={session.user_agent}>{name}</span>
          {session.current && <Badge kind="good">{t("sessions.this")}</Badge>}
        </>
      }
      detail={<span title={t("sessions.began", { when: exactly(session.created_at) })}>{used}</span>}
    >
      {!session.current && (
        <Button
          size="s"
          kind="quiet"
          aria-label={t("sessions.endOne", { device: name })}
          onClick={() => end.mutate({ id: session.id, device: name })}
        >
          {t("sessions.end")}
        </Button>
      )}
    </Row>
  );
}
