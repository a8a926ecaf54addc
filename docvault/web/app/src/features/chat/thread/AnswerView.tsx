import { CircleAlert, CircleStop } from "lucide-react";
import { lazy, memo, Suspense } from "react";
import { Problem } from "@/shared/api/problem";
import { useProblemText } from "@/shared/lib/problem-text";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { ErrorBoundary } from "@/shared/ui/ErrorBoundary";
import { Skeleton } from "@/shared/ui/Skeleton";
import { useActions } from "../actions";
import { useModelName } from "../models";
import type { Answer, Turn } from "../types";
import { AnswerFoot } from "./AnswerFoot";
import styles from "./AnswerView.module.css";

const Markdown = lazy(() => import("../text/Markdown"));

type Props = { turn: Turn; answer: Answer; named: boolean };

/** One model's answer: its words as they come, or what became of them. What breaks here breaks no other answer. */
export const AnswerView = memo(function AnswerView(props: Props) {
  return (
    <ErrorBoundary resetKey={`${props.answer.id} ${props.answer.state}`}>
      <Shown {...props} />
    </ErrorBoundary>
  );
});

function Shown({ turn, answer, named }: Props) {
  const name = useModelName(answer.model);
  const open = answer.state === "waiting" || answer.state === "writing";
  return (
    <article className={styles.answer} aria-label={name} aria-busy={open}>
      {named && (
        <h3 className={styles.name}>
          <StateDot answer={answer} />
          {name}
        </h3>
      )}
      {answer.state === "waiting" && <Waiting />}
      {answer.text !== "" && (
        <Suspense fallback={<p className={styles.plain}>{answer.text}</p>}>
          <Markdown text={answer.text} citations={answer.citations} writing={open} />
        </Suspense>
      )}
      {answer.state === "failed" && <Failed turn={turn} answer={answer} />}
      {answer.state === "stopped" && <Stopped />}
      {!open && <AnswerFoot turn={turn} answer={answer} named={named} />}
    </article>
  );
}

export function StateDot({ answer }: { answer: Answer | undefined }) {
  return <span className={styles.dot} data-state={answer?.state} aria-hidden="true" />;
}

function Waiting() {
  const { t } = useTexts("chat");
  return (
    <p className={styles.waiting}>
      <span className="visually-hidden">{t("answer.waiting")}</span>
      <Skeleton width="92%" />
      <Skeleton width="78%" />
      <Skeleton width="40%" />
    </p>
  );
}

const HINTS = [
  "model_refused",
  "model_rate_limited",
  "model_unreachable",
  "model_stalled",
  "model_cut_off",
  "broken_off",
] as const;

function Failed({ turn, answer }: { turn: Turn; answer: Answer }) {
  const { t } = useTexts("chat");
  const say = useProblemText();
  const { busy, regenerate } = useActions();
  const { code, detail, hint } = answer.trouble ?? { code: "", detail: "", hint: null };
  const own = code === "broken_off" ? t("answer.brokenOff") : detail || t("answer.failed");
  const said = say(new Problem(0, code, own, hint));
  const known = HINTS.find((one) => one === code); // what is kept of an answer has no hint
  const todo = known ? t(`answer.hints.${known}`) : said.hint;
  const more = code.startsWith("model_") && detail !== "" && said.text !== detail; // what its provider says
  return (
    <div className={styles.failed}>
      <CircleAlert aria-hidden="true" />
      <div>
        <p>{said.text}</p>
        {more && (
          <p className={styles.hint} lang="en">
            {detail}
          </p>
        )}
        {todo && <p className={styles.hint}>{todo}</p>}
        {turn.questionId !== null && (
          <Button size="s" disabled={busy} onClick={() => regenerate(turn, answer.model)}>
            {t("answer.again")}
          </Button>
        )}
      </div>
    </div>
  );
}

function Stopped() {
  const { t } = useTexts("chat");
  return (
    <p className={styles.stopped}>
      <CircleStop aria-hidden="true" /> {t("answer.stopped")}
    </p>
  );
}
