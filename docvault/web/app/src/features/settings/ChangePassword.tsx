import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body } from "@/shared/api/client";
import { asProblem } from "@/shared/api/problem";
import { queryClient } from "@/shared/api/query";
import { useUser } from "@/shared/api/session";
import { cx } from "@/shared/lib/cx";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { Panel } from "@/shared/ui/Panel";
import { PasswordField } from "@/shared/ui/PasswordField";
import { toast } from "@/shared/ui/toast";
import { aboutQuery } from "@/shared/vault/about";
import { keys } from "@/shared/vault/keys";
import { PasswordProblem } from "./PasswordProblem";
import styles from "./Settings.module.css";

export function ChangePassword() {
  const { t } = useTexts("settings");
  const user = useUser();
  const shortest = useQuery(aboutQuery).data?.password_min_length ?? 0;
  const [current, setCurrent] = useState("");
  const [wanted, setWanted] = useState("");
  const [tooShort, setTooShort] = useState(false);
  const change = useChange(() => {
    setCurrent("");
    setWanted("");
  });
  const code = change.error && asProblem(change.error).code;
  const refused = code === "invalid_password" || (tooShort && wanted.length < shortest);

  function send(event: FormEvent) {
    event.preventDefault();
    const short = wanted.length < shortest;
    setTooShort(short);
    if (!short) change.mutate({ current, new: wanted });
  }

  return (
    <Panel title={t("account.password")} text={t("account.passwordText")}>
      <form className={cx(styles.form, styles.narrow)} onSubmit={send}>
        {code !== "invalid_password" && <PasswordProblem error={change.error} />}
        {/* Password managers want to know whose password it is. */}
        <input type="hidden" name="email" autoComplete="username" value={user.email} />
        <PasswordField
          label={t("account.current")}
          autoComplete="current-password"
          value={current}
          onChange={setCurrent}
          error={code === "invalid_credentials" ? t("account.wrong") : undefined}
        />
        <PasswordField
          label={t("account.new")}
          autoComplete="new-password"
          value={wanted}
          onChange={setWanted}
          hint={shortest ? t("account.newHint", { count: shortest }) : undefined}
          error={refused ? t("account.newShort", { count: shortest }) : undefined}
        />
        <Button type="submit" busy={change.isPending}>
          {t("account.change")}
        </Button>
      </form>
    </Panel>
  );
}

function useChange(onDone: () => void) {
  const { t } = useTexts("settings");
  return useMutation({
    mutationFn: (change: { current: string; new: string }) =>
      body(api.POST("/api/me/password", { body: change })),
    meta: { quiet: true },
    onSuccess: () => {
      onDone();
      toast({ kind: "good", text: t("account.changed") });
      void queryClient.invalidateQueries({ queryKey: keys.sessions });
    },
  });
}
