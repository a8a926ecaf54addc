import { ChevronDown, ChevronUp } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import { number } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { IconButton } from "@/shared/ui/IconButton";
import styles from "./Reader.module.css";

type Props = { page: number; count: number; onGo: (page: number) => void };

/** The page in sight; another number goes to another page. */
export function PageField({ page, count, onGo }: Props) {
  const { t } = useTexts("reader");
  const [typed, setTyped] = useState(String(page));
  useEffect(() => setTyped(String(page)), [page]);
  const go = (event: FormEvent) => {
    event.preventDefault();
    const wished = Number.parseInt(typed, 10);
    if (Number.isNaN(wished)) setTyped(String(page));
    else onGo(Math.min(count, Math.max(1, wished)));
  };
  return (
    <form className={styles.pages} onSubmit={go}>
      <IconButton label={t("pages.before")} disabled={page <= 1} onClick={() => onGo(page - 1)}>
        <ChevronUp />
      </IconButton>
      <IconButton label={t("pages.next")} disabled={page >= count} onClick={() => onGo(page + 1)}>
        <ChevronDown />
      </IconButton>
      <input
        type="text"
        inputMode="numeric"
        aria-label={t("pages.field")}
        value={typed}
        onFocus={(event) => event.target.select()}
        onBlur={() => setTyped(String(page))}
        onChange={(event) => setTyped(event.target.value)}
        style={{ width: `${String(count).length + 2}ch` }}
      />
      <span className={styles.of}>{t("pages.of", { count, total: number(count) })}</span>
    </form>
  );
}
