import { Fragment, useContext, useEffect, useRef, useState } from "react";
import { Group, type GroupImperativeHandle, Panel, Separator } from "react-resizable-panels";
import { useTexts } from "@/shared/texts";
import type { Answer, Turn } from "../types";
import styles from "./Answers.module.css";
import { AnswerView } from "./AnswerView";
import { Layout } from "./layout";

const SMALLEST = "12%";
const FLOWING = { height: "auto", overflow: "visible" } as const; // as high as what is written

/** Answers in panes. Whoever moves an edge moves it in the whole thread. */
export function Panes({ turn, answers }: { turn: Turn; answers: Answer[] }) {
  const { t } = useTexts("chat");
  const { shares, setShares } = useContext(Layout);
  const group = useRef<GroupImperativeHandle | null>(null);
  const ids = answers.map((_, n) => `${turn.key}-${n}`);
  const mine = shares[answers.length];
  const layout = mine && Object.fromEntries(ids.map((id, n) => [id, mine[n] ?? 0]));
  const [first] = useState(layout); // later ones are set below
  const wished = JSON.stringify(layout);
  useEffect(() => {
    if (wished) group.current?.setLayout(JSON.parse(wished));
  }, [wished]);
  return (
    <Group
      orientation="horizontal"
      groupRef={group}
      defaultLayout={first}
      style={FLOWING}
      onLayoutChanged={(next, { isUserInteraction }) => {
        if (isUserInteraction) setShares(ids.map((id) => next[id] ?? 0));
      }}
    >
      {answers.map((answer, n) => (
        <Fragment key={answer.model}>
          {n > 0 && <Separator className={styles.edge} aria-label={t("answer.resize")} />}
          <Panel id={ids[n]} minSize={SMALLEST} className={styles.pane} style={FLOWING}>
            <AnswerView turn={turn} answer={answer} named />
          </Panel>
        </Fragment>
      ))}
    </Group>
  );
}
