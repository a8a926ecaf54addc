import { useMutation } from "@tanstack/react-query";
import { FileWarning } from "lucide-react";
import { type FormEvent, useState } from "react";
import { OFFLINE, type Problem } from "@/shared/api/problem";
import { useProblemText } from "@/shared/lib/problem-text";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { EmptyState } from "@/shared/ui/EmptyState";
import { TextField } from "@/shared/ui/TextField";
import type { DocumentView } from "@/shared/vault/types";
import { download } from "./api";
import styles from "./Unread.module.css";

type Props = {
  document: DocumentView;
  problem: Problem;
  onText: () => void;
  onUnlock: (password: string) => void;
};

/** A PDF that the browser cannot show: its text and its file are still there. A locked one asks for its password. */
export function BrokenPdf({ document, problem, onText, onUnlock }: Props) {
  const { t } = useTexts("reader");
  const read = document.pages > 0;
  const said = useSaid(problem, read);
  const downloading = useMutation({ mutationFn: () => download(document) });
  const locked = problem.code === "pdf_locked" || problem.code === "pdf_wrong_password";
  return (
    <div role="alert">
      <EmptyState
        icon={<FileWarning />}
        title={problem.code === OFFLINE ? t("broken.offline") : t(locked ? "failed.locked" : "broken.title")}
        actions={
          <>
            {read && (
              <Button kind={locked ? "plain" : "primary"} onClick={onText}>
                {t("broken.text")}
              </Button>
            )}
            <Button busy={downloading.isPending} onClick={() => downloading.mutate()}>
              {t("action.download")}
            </Button>
          </>
        }
      >
        <p>{said.text}</p>
        {said.hint && <p>{said.hint}</p>}
        {locked && <Unlock wrong={problem.code === "pdf_wrong_password"} onUnlock={onUnlock} />}
      </EmptyState>
    </div>
  );
}

function useSaid(problem: Problem, read: boolean): { text: string; hint: string | null } {
  const { t } = useTexts("reader");
  const say = useProblemText();
  if (problem.code === "pdf_broken")
    return { text: t(read ? "broken.pdf_broken" : "broken.neither"), hint: null };
  const locked = problem.code === "pdf_locked" || problem.code === "pdf_wrong_password";
  return locked ? { text: t("broken.pdf_locked"), hint: read ? t("broken.asText") : null } : say(problem);
}

function Unlock({ wrong, onUnlock }: { wrong: boolean; onUnlock: (password: string) => void }) {
  const { t } = useTexts("reader");
  const [password, setPassword] = useState("");
  const unlock = (event: FormEvent) => {
    event.preventDefault();
    onUnlock(password);
  };
  return (
    <form className={styles.failed} onSubmit={unlock}>
      <TextField
        label={t("broken.password")}
        type="password"
        autoComplete="off"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        error={wrong ? t("broken.wrong") : undefined}
        required
      />
      <div className={styles.buttons}>
        <Button kind="primary" type="submit">
          {t("broken.unlock")}
        </Button>
      </div>
    </form>
  );
}
