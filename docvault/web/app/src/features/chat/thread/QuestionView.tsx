import { Pencil } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import { isEnter } from "@/shared/lib/typing";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { IconButton } from "@/shared/ui/IconButton";
import { useActions } from "../actions";
import { CopyButton } from "../CopyButton";
import { GrowingText } from "../composer/GrowingText";
import type { Turn } from "../types";
import styles from "./QuestionView.module.css";

/** What was asked, and the way to ask it differently. */
export function QuestionView({ turn }: { turn: Turn }) {
  const { t } = useTexts("chat");
  const { busy } = useActions();
  const [editing, setEditing] = useState(false);
  const pencil = useRef<HTMLButtonElement>(null);
  const close = () => {
    setEditing(false);
    requestAnimationFrame(() => pencil.current?.focus());
  };
  if (editing) return <Editor turn={turn} onClose={close} />;
  return (
    <div className={styles.question}>
      <h2 className={styles.words}>{turn.question}</h2>
      <div className={styles.tools}>
        <CopyButton label={t("question.copy")} text={() => turn.question} />
        {turn.questionId !== null && (
          <IconButton
            ref={pencil}
            label={t("question.edit")}
            disabled={busy}
            onClick={() => setEditing(true)}
          >
            <Pencil />
          </IconButton>
        )}
      </div>
    </div>
  );
}

function Editor({ turn, onClose }: { turn: Turn; onClose: () => void }) {
  const { t } = useTexts("chat");
  const { t: common } = useTexts();
  const { busy, edit, maxChars } = useActions();
  const [text, setText] = useState(turn.question);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  const refused = busy || text.trim() === "" || text.length > maxChars;
  const send = (event?: FormEvent) => {
    event?.preventDefault();
    if (refused) return;
    edit(turn, text.trim());
    onClose();
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Escape") onClose();
    if (isEnter(event) && !event.shiftKey) {
      event.preventDefault();
      send();
    }
  };
  return (
    <form className={styles.editor} onSubmit={send}>
      <GrowingText ref={field} label={t("question.edit")} value={text} onChange={setText} onKeyDown={keys} />
      <p className={styles.note}>{t("question.replaces")}</p>
      <div className={styles.buttons}>
        <Button size="s" onClick={onClose}>
          {common("action.cancel")}
        </Button>
        <Button size="s" kind="primary" type="submit" disabled={refused}>
          {t("question.ask")}
        </Button>
      </div>
    </form>
  );
}
