import type { ReactNode } from "react";
import { useTexts } from "@/shared/texts";
import styles from "./Frame.module.css";

/** The pages before one is inside: a card in the middle, the name above it. */
export function Frame({ title, children, below }: { title: string; children: ReactNode; below?: ReactNode }) {
  const { t } = useTexts();
  return (
    <main className={styles.frame}>
      <div className={styles.column}>
        <p className={styles.name}>
          <img src="/icon.svg" alt="" width="28" height="28" />
          {t("name")}
        </p>
        <section className={styles.card}>
          <h1>{title}</h1>
          {children}
        </section>
        {below && <p className={styles.below}>{below}</p>}
      </div>
    </main>
  );
}
