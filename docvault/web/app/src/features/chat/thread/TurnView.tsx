import { memo } from "react";
import { Problem } from "@/shared/api/problem";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { useActions } from "../actions";
import { AskedAbout } from "../composer/ScopeChips";
import { isNarrowed, scopeOf } from "../composer/scope";
import type { Trouble, Turn } from "../types";
import { Answers } from "./Answers";
import { QuestionView } from "./QuestionView";
import { Sources } from "./Sources";
import styles from "./Thread.module.css";

export const TurnView = memo(function TurnView({ turn }: { turn: Turn }) {
  const scope = scopeOf(turn.filters);
  return (
    <section className={styles.turn} data-models={turn.models.length > 1 ? "several" : "one"}>
      <QuestionView turn={turn} />
      {isNarrowed(scope) && <AskedAbout scope={scope} />}
      <Answers turn={turn} />
      {turn.refused && <Refused turn={turn} why={turn.refused.trouble} />}
      <Sources turn={turn} />
    </section>
  );
});

function Refused({ turn, why: { code, detail, hint } }: { turn: Turn; why: Trouble }) {
  const { retry } = useActions();
  return (
    <div className={styles.refused}>
      <ProblemNote error={new Problem(0, code, detail, hint)} onRetry={() => retry(turn)} />
    </div>
  );
}
