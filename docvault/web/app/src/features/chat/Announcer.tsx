import { useEffect, useRef, useState } from "react";
import { useTexts } from "@/shared/texts";
import type { Turn } from "./types";

/** Tells screen readers when an answer is there, and not each of its words. */
export function Announcer({ turns }: { turns: Turn[] }) {
  const { t } = useTexts("chat");
  const [said, setSaid] = useState("");
  const last = turns.at(-1);
  const busy = turns.some((turn) => turn.busy);
  const before = useRef(busy);
  useEffect(() => {
    if (before.current === busy) return;
    before.current = busy;
    if (busy) return setSaid(t("announce.asked"));
    const all = Object.values(last?.answers ?? {});
    const done = all.filter((answer) => answer.state === "done").length;
    if (last?.trouble || done === 0) setSaid(t("announce.none"));
    else setSaid(t("announce.done", { count: done }));
  }, [busy, last, t]);
  return (
    <p className="visually-hidden" role="status" aria-live="polite">
      {said}
    </p>
  );
}
