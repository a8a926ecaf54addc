import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { asProblem } from "@/shared/api/problem";
import { useProblemText } from "@/shared/lib/problem-text";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { Checkbox } from "@/shared/ui/Checkbox";
import { Dialog } from "@/shared/ui/Dialog";
import { PasswordField } from "@/shared/ui/PasswordField";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { TextField } from "@/shared/ui/TextField";
import { aboutQuery } from "@/shared/vault/about";
import styles from "./Admin.module.css";
import { useAddPerson } from "./people";

const IN_PLACE = ["email_taken", "invalid_email", "invalid_password"];

export function AddPerson({ onClose }: { onClose: () => void }) {
  const { t } = useTexts("admin");
  const { t: common } = useTexts();
  const say = useProblemText();
  const shortest = useQuery(aboutQuery).data?.password_min_length ?? 0;
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [admin, setAdmin] = useState(false);
  const [tooShort, setTooShort] = useState(false);
  const add = useAddPerson();
  const problem = add.error && asProblem(add.error);
  const short = password.length < shortest;

  function send(event: FormEvent) {
    event.preventDefault();
    setTooShort(short);
    if (!short) add.mutate({ email, password, is_admin: admin }, { onSuccess: onClose });
  }

  function emailError(): string | undefined {
    if (problem?.code === "email_taken") return t("add.taken");
    return problem?.code === "invalid_email" ? say(problem).text : undefined;
  }

  return (
    <Dialog open onOpenChange={onClose} title={t("add.title")} description={t("add.text")}>
      <form className={styles.form} onSubmit={send}>
        {problem && !IN_PLACE.includes(problem.code) && <ProblemNote error={problem} />}
        <TextField
          label={t("add.email")}
          type="email"
          autoComplete="off"
          autoFocus
          required
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          error={emailError()}
        />
        <PasswordField
          label={t("add.password")}
          autoComplete="new-password"
          value={password}
          onChange={setPassword}
          hint={shortest ? t("password.hint", { count: shortest }) : undefined}
          error={
            problem?.code === "invalid_password" || (tooShort && short)
              ? t("password.short", { count: shortest })
              : undefined
          }
        />
        <div>
          <Checkbox
            shown
            label={t("add.isAdmin")}
            checked={admin}
            aria-describedby="add-admin"
            onChange={(event) => setAdmin(event.target.checked)}
          />
          <p id="add-admin" className={styles.explained}>
            {t("add.isAdminText")}
          </p>
        </div>
        <footer className={styles.actions}>
          <Button onClick={onClose}>{common("action.cancel")}</Button>
          <Button type="submit" kind="primary" busy={add.isPending}>
            {t("add.submit")}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
