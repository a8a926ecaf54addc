import { type FormEvent, useState } from "react";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { Checkbox } from "@/shared/ui/Checkbox";
import { Dialog } from "@/shared/ui/Dialog";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { Segmented } from "@/shared/ui/Segmented";
import { TextField } from "@/shared/ui/TextField";
import {
  type CreatedKey,
  EXPIRIES,
  type Expiry,
  example,
  SCOPE_TEXTS,
  SCOPES,
  type Scope,
  useCreateKey,
} from "./api-keys";
import { Secret } from "./Secret";
import styles from "./Settings.module.css";

const FIRST: Scope[] = ["documents:read", "search"];

/** Two steps: what the key may, and the key, which is shown this once. */
export function NewKeyDialog({ onClose }: { onClose: () => void }) {
  const [made, setMade] = useState<CreatedKey | null>(null);
  return made ? <KeyShown made={made} onClose={onClose} /> : <KeyForm onMade={setMade} onClose={onClose} />;
}

function KeyForm({ onMade, onClose }: { onMade: (key: CreatedKey) => void; onClose: () => void }) {
  const { t } = useTexts("settings");
  const { t: common } = useTexts();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<Scope[]>(FIRST);
  const [expiry, setExpiry] = useState<Expiry>("90");
  const create = useCreateKey();

  function send(event: FormEvent) {
    event.preventDefault();
    if (scopes.length) create.mutate({ name: name.trim(), scopes, expiry }, { onSuccess: onMade });
  }

  return (
    <Dialog open onOpenChange={onClose} title={t("keys.new")}>
      <form className={styles.form} onSubmit={send}>
        {create.error && <ProblemNote error={create.error} />}
        <TextField
          label={t("keys.name")}
          hint={t("keys.nameHint")}
          placeholder={t("keys.namePlaceholder")}
          required
          maxLength={100}
          autoFocus
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <ScopeChoice chosen={scopes} onChosen={setScopes} />
        <div className={styles.choices}>
          <span className={styles.label}>{t("keys.expires")}</span>
          <Segmented<Expiry>
            label={t("keys.expires")}
            value={expiry}
            onChange={setExpiry}
            options={EXPIRIES.map((value) => ({ value, label: t(`keys.expiry.${value}`) }))}
          />
        </div>
        <footer className={styles.actions}>
          <Button onClick={onClose}>{common("action.cancel")}</Button>
          <Button
            type="submit"
            kind="primary"
            busy={create.isPending}
            disabled={!name.trim() || !scopes.length}
          >
            {t("keys.create")}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

function ScopeChoice({ chosen, onChosen }: { chosen: Scope[]; onChosen: (scopes: Scope[]) => void }) {
  const { t } = useTexts("settings");
  return (
    <fieldset className={styles.choices}>
      <legend>{t("keys.may")}</legend>
      {SCOPES.map((scope) => (
        <div key={scope} className={styles.choice}>
          <Checkbox
            shown
            label={t(`scope.${SCOPE_TEXTS[scope]}`)}
            checked={chosen.includes(scope)}
            aria-describedby={`scope-${scope}`}
            onChange={(event) =>
              onChosen(event.target.checked ? [...chosen, scope] : chosen.filter((one) => one !== scope))
            }
          />
          <span id={`scope-${scope}`} className={styles.explained}>
            {t(`scopeText.${SCOPE_TEXTS[scope]}`)}
          </span>
        </div>
      ))}
      {chosen.length === 0 && <p className={styles.error}>{t("keys.mayNothing")}</p>}
    </fieldset>
  );
}

function KeyShown({ made, onClose }: { made: CreatedKey; onClose: () => void }) {
  const { t } = useTexts("settings");
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t("keys.shown")}
      description={t("keys.shownText")}
      actions={
        <Button kind="primary" onClick={onClose}>
          {t("keys.done")}
        </Button>
      }
    >
      <Secret label={t("keys.key")} copy={t("keys.copyKey")} text={made.key} />
      <Secret
        label={t("keys.example")}
        copy={t("keys.copyExample")}
        text={example(location.origin, made.key, made.scopes)}
      />
    </Dialog>
  );
}
