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
    if (last?.refused) return setSaid(""); // its note speaks for itself
    const all = Object.values(last?.answers ?? {});
    const done = all.filter((answer) => answer.state === "done").length;
    const failed = all.filter((answer) => answer.state === "failed").length;
    const parts = [
      done > 0 ? t("announce.done", { count: done }) : t("announce.none"),
      failed > 0 && t("announce.failed", { count: failed }),
    ];
    setSaid(parts.filter(Boolean).join(" "));
  }, [busy, last, t]);
  return (
    <p className="visually-hidden" role="status" aria-live="polite">
      {said}
    </p>
  );
}
