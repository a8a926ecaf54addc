import { CircleAlert } from "lucide-react";
import { asProblem } from "@/shared/api/problem";
import { useProblemText } from "@/shared/lib/problem-text";
import { useTexts } from "@/shared/texts";
import { Button } from "./Button";
import styles from "./ProblemNote.module.css";

type Props = { error: unknown; onRetry?: () => void };

/** What went wrong and what to do, in place. */
export function ProblemNote({ error, onRetry }: Props) {
  const { t } = useTexts();
  const say = useProblemText();
  const { text, hint } = say(asProblem(error));
  return (
    <div className={styles.note} role="alert">
      <CircleAlert aria-hidden="true" />
      <div className={styles.words}>
        <p>{text}</p>
        {hint && <p className={styles.hint}>{hint}</p>}
      </div>
      {onRetry && (
        <Button size="s" onClick={onRetry}>
          {t("action.retry")}
        </Button>
      )}
    </div>
  );
}
