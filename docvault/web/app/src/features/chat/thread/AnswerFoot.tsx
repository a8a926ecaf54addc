import { RotateCw } from "lucide-react";
import { number, span } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { IconButton } from "@/shared/ui/IconButton";
import { useActions } from "../actions";
import { CopyButton } from "../CopyButton";
import { dollars } from "../format";
import { useModelName } from "../models";
import { withFootnotes } from "../text/footnotes";
import type { Answer, Turn } from "../types";
import styles from "./AnswerView.module.css";

type Props = { turn: Turn; answer: Answer; named: boolean };

/** What can be done with an answer, and what it took. */
export function AnswerFoot({ turn, answer, named }: Props) {
  const { t } = useTexts("chat");
  const { t: common } = useTexts();
  const { busy, regenerate } = useActions();
  const copied = () => withFootnotes(answer.text, answer.citations, (page) => common("page", { page }));
  return (
    <footer className={styles.foot}>
      {answer.text !== "" && <CopyButton label={t("answer.copy")} text={copied} />}
      {turn.questionId !== null && answer.state !== "failed" && (
        <IconButton
          label={t("answer.regenerate")}
          disabled={busy}
          onClick={() => regenerate(turn, answer.model)}
        >
          <RotateCw />
        </IconButton>
      )}
      <Took answer={answer} named={named} />
    </footer>
  );
}

function Took({ answer, named }: { answer: Answer; named: boolean }) {
  const { t } = useTexts("chat");
  const name = useModelName(answer.model);
  const { usage, cost, seconds } = answer;
  const tokens = usage ? usage.prompt_tokens + usage.completion_tokens : 0;
  const facts = [
    !named && name,
    tokens > 0 && t("answer.tokens", { count: tokens, shown: number(tokens) }),
    cost !== null && dollars(cost),
    seconds !== null && span(seconds),
  ].filter(Boolean);
  const title = usage
    ? t("answer.usage", { read: number(usage.prompt_tokens), written: number(usage.completion_tokens) })
    : undefined;
  return (
    <span className={styles.took} title={tokens > 0 ? title : undefined}>
      {facts.join(" · ")}
    </span>
  );
}
