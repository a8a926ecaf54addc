import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { asProblem } from "@/shared/api/problem";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { PasswordField } from "@/shared/ui/PasswordField";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { aboutQuery } from "@/shared/vault/about";
import styles from "./Admin.module.css";
import { type Person, useSetPassword } from "./people";

export function SetPassword({ person, onClose }: { person: Person; onClose: () => void }) {
  const { t } = useTexts("admin");
  const { t: common } = useTexts();
  const shortest = useQuery(aboutQuery).data?.password_min_length ?? 0;
  const [password, setPassword] = useState("");
  const [tooShort, setTooShort] = useState(false);
  const set = useSetPassword();
  const problem = set.error && asProblem(set.error);
  const refused = problem?.code === "invalid_password";
  const short = password.length < shortest;

  function send(event: FormEvent) {
    event.preventDefault();
    setTooShort(short);
    if (!short) set.mutate({ person, password }, { onSuccess: onClose });
  }

  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t("password.title", { email: person.email })}
      description={t("password.text")}
    >
      <form className={styles.form} onSubmit={send}>
        {problem && !refused && <ProblemNote error={problem} />}
        <PasswordField
          label={t("password.new")}
          autoComplete="new-password"
          autoFocus
          value={password}
          onChange={setPassword}
          hint={shortest ? t("password.hint", { count: shortest }) : undefined}
          error={refused || (tooShort && short) ? t("password.short", { count: shortest }) : undefined}
        />
        <footer className={styles.actions}>
          <Button onClick={onClose}>{common("action.cancel")}</Button>
          <Button type="submit" kind="primary" busy={set.isPending}>
            {t("password.submit")}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
