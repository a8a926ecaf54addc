import { type FormEvent, useState } from "react";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { Checkbox } from "@/shared/ui/Checkbox";
import { Dialog } from "@/shared/ui/Dialog";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { TextField } from "@/shared/ui/TextField";
import { Secret } from "./Secret";
import styles from "./Settings.module.css";
import { type CreatedWebhook, EVENTS, type Event, useCreateWebhook } from "./webhooks";

/** Two steps: where and of what, and the secret, which is shown this once. */
export function NewWebhookDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTexts("settings");
  const [made, setMade] = useState<CreatedWebhook | null>(null);
  if (!made) return <WebhookForm onMade={setMade} onClose={onClose} />;
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t("webhooks.shown")}
      description={t("webhooks.shownText")}
      actions={
        <Button kind="primary" onClick={onClose}>
          {t("webhooks.done")}
        </Button>
      }
    >
      <Secret label={t("webhooks.secret")} copy={t("webhooks.copySecret")} text={made.secret} />
    </Dialog>
  );
}

type FormProps = { onMade: (webhook: CreatedWebhook) => void; onClose: () => void };

function WebhookForm({ onMade, onClose }: FormProps) {
  const { t } = useTexts("settings");
  const { t: common } = useTexts();
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState<Event[]>([...EVENTS]);
  const create = useCreateWebhook();

  function send(submitted: FormEvent) {
    submitted.preventDefault();
    if (events.length) create.mutate({ url: url.trim(), events }, { onSuccess: onMade });
  }

  return (
    <Dialog open onOpenChange={onClose} title={t("webhooks.new")}>
      <form className={styles.form} onSubmit={send}>
        {create.error && <ProblemNote error={create.error} />}
        <TextField
          label={t("webhooks.url")}
          hint={t("webhooks.urlHint")}
          type="url"
          placeholder="https://example.org/hooks/docvault"
          required
          autoFocus
          value={url}
          onChange={(event) => setUrl(event.target.value)}
        />
        <fieldset className={styles.choices}>
          <legend>{t("webhooks.events")}</legend>
          {EVENTS.map((one) => (
            <Checkbox
              key={one}
              shown
              label={t(`webhooks.event.${one}`)}
              checked={events.includes(one)}
              onChange={(event) =>
                setEvents(event.target.checked ? [...events, one] : events.filter((kept) => kept !== one))
              }
            />
          ))}
          {events.length === 0 && <p className={styles.error}>{t("webhooks.eventsNone")}</p>}
        </fieldset>
        <footer className={styles.actions}>
          <Button onClick={onClose}>{common("action.cancel")}</Button>
          <Button
            type="submit"
            kind="primary"
            busy={create.isPending}
            disabled={!url.trim() || !events.length}
          >
            {t("webhooks.create")}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
