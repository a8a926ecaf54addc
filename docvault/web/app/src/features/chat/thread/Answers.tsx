import { Tabs } from "radix-ui";
import { lazy, Suspense, useContext } from "react";
import { useTexts } from "@/shared/texts";
import { useModelName } from "../models";
import type { Answer, Turn } from "../types";
import styles from "./Answers.module.css";
import { AnswerView, StateDot } from "./AnswerView";
import { Layout } from "./layout";

const Panes = lazy(() => import("./Panes").then((m) => ({ default: m.Panes })));

const NARROWEST = 230; // pixels of a pane in which an answer can still be read

/** The answers side by side where there is room, else one at a time behind tabs. */
export function Answers({ turn }: { turn: Turn }) {
  const { width } = useContext(Layout);
  const answers = turn.models.map((model) => turn.answers[model]).filter((one): one is Answer => !!one);
  const [only] = answers;
  if (answers.length < 2) return only ? <AnswerView turn={turn} answer={only} named={false} /> : null;
  if (width / answers.length < NARROWEST) return <Tabbed turn={turn} answers={answers} />;
  return (
    <Suspense fallback={<Columns turn={turn} answers={answers} />}>
      <Panes turn={turn} answers={answers} />
    </Suspense>
  );
}

/** As the panes will stand, until they can be resized. */
function Columns({ turn, answers }: { turn: Turn; answers: Answer[] }) {
  return (
    <div className={styles.columns}>
      {answers.map((answer) => (
        <AnswerView key={answer.model} turn={turn} answer={answer} named />
      ))}
    </div>
  );
}

function Tabbed({ turn, answers }: { turn: Turn; answers: Answer[] }) {
  const { t } = useTexts("chat");
  const { tab, setTab } = useContext(Layout);
  const shown = answers.find((answer) => answer.model === tab) ?? answers[0];
  return (
    <Tabs.Root value={shown?.model ?? ""} onValueChange={setTab}>
      <Tabs.List className={styles.tabs} aria-label={t("answer.models")}>
        {answers.map((answer) => (
          <Tab key={answer.model} answer={answer} />
        ))}
      </Tabs.List>
      {answers.map((answer) => (
        <Tabs.Content key={answer.model} value={answer.model} tabIndex={-1} className={styles.tabbed}>
          <AnswerView turn={turn} answer={answer} named={false} />
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}

function Tab({ answer }: { answer: Answer }) {
  const name = useModelName(answer.model);
  return (
    <Tabs.Trigger value={answer.model} className={styles.tab}>
      <StateDot answer={answer} />
      {name}
    </Tabs.Trigger>
  );
}
