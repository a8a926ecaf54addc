import { ChevronDown, ChevronUp, X } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { asProblem } from "@/shared/api/problem";
import { number } from "@/shared/lib/format";
import { useProblemText } from "@/shared/lib/problem-text";
import { useTexts } from "@/shared/texts";
import { IconButton } from "@/shared/ui/IconButton";
import styles from "./Reader.module.css";
import type { Finding } from "./useFind";

/** Enter goes to the next hit, with Shift to the one before, Escape closes. */
export function FindBar({ find, focus }: { find: Finding; focus: number }) {
  const { t } = useTexts("reader");
  const field = useRef<HTMLInputElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each press of Ctrl-F comes back to the field.
  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, [focus]);
  const pressed = (event: KeyboardEvent) => {
    if (event.key === "Escape") find.close();
    else if (event.key === "Enter") find.step(event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <search className={styles.find}>
      <input
        ref={field}
        type="text"
        inputMode="search"
        aria-label={t("find.field")}
        placeholder={t("find.field")}
        value={find.words}
        onChange={(event) => find.setWords(event.target.value)}
        onKeyDown={pressed}
      />
      <span className={styles.count} role="status">
        <Count find={find} />
      </span>
      <IconButton label={t("find.before")} onClick={() => find.step(-1)} disabled={!find.total}>
        <ChevronUp />
      </IconButton>
      <IconButton label={t("find.next")} onClick={() => find.step(1)} disabled={!find.total}>
        <ChevronDown />
      </IconButton>
      <IconButton label={t("find.close")} onClick={find.close}>
        <X />
      </IconButton>
    </search>
  );
}

function Count({ find }: { find: Finding }) {
  const { t } = useTexts("reader");
  const say = useProblemText();
  if (!find.words.trim()) return null;
  if (find.error) return say(asProblem(find.error)).text;
  if (find.busy) return "…";
  if (!find.total) return t("find.none");
  return t("find.count", { current: number(find.found.current + 1), total: number(find.total) });
}
