import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { type FormEvent, useState } from "react";
import { api, body } from "@/shared/api/client";
import { asProblem } from "@/shared/api/problem";
import { accountGone, useUser } from "@/shared/api/session";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { Panel } from "@/shared/ui/Panel";
import { PasswordField } from "@/shared/ui/PasswordField";
import { TextField } from "@/shared/ui/TextField";
import { toast } from "@/shared/ui/toast";
import { useExport } from "./exporting";
import { PasswordProblem } from "./PasswordProblem";
import styles from "./Settings.module.css";

export function DeleteAccount() {
  const { t } = useTexts("settings");
  const exporting = useExport();
  const [open, setOpen] = useState(false);
  return (
    <Panel title={t("leave.title")} text={t("leave.text")}>
      <div className={styles.buttons}>
        <Button icon={<Download />} busy={exporting.isPending} onClick={() => exporting.mutate()}>
          {t("leave.export")}
        </Button>
        <Button kind="danger" onClick={() => setOpen(true)}>
          {t("leave.open")}
        </Button>
      </div>
      {open && <LeaveDialog onClose={() => setOpen(false)} />}
    </Panel>
  );
}

function LeaveDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTexts("settings");
  const { t: common } = useTexts();
  const { email } = useUser();
  const [password, setPassword] = useState("");
  const [typed, setTyped] = useState("");
  const leave = useLeave();
  const wrong = leave.error && asProblem(leave.error).code === "invalid_credentials";
  const sure = typed.trim().toLowerCase() === email.toLowerCase();

  function send(event: FormEvent) {
    event.preventDefault();
    if (sure) leave.mutate(password);
  }

  return (
    <Dialog open onOpenChange={onClose} title={t("leave.dialog")} description={t("leave.dialogText")}>
      <form className={styles.form} onSubmit={send}>
        <PasswordProblem error={leave.error} />
        <PasswordField
          label={t("leave.password")}
          autoComplete="current-password"
          value={password}
          onChange={setPassword}
          error={wrong ? t("account.wrong") : undefined}
        />
        <TextField
          label={t("leave.typed", { email })}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          required
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <footer className={styles.actions}>
          <Button onClick={onClose}>{common("action.cancel")}</Button>
          <Button type="submit" kind="danger" busy={leave.isPending} disabled={!(sure && password)}>
            {t("leave.submit")}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

function useLeave() {
  const { t } = useTexts("settings");
  return useMutation({
    mutationFn: (password: string) => body(api.DELETE("/api/me", { body: { password } })),
    meta: { quiet: true },
    onSuccess: () => {
      accountGone();
      toast({ text: t("leave.done") }); // for whoever has just left: what they were told before is forgotten
    },
  });
}
