import { FileUp, MessageSquareQuote } from "lucide-react";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { EmptyState } from "@/shared/ui/EmptyState";
import { wish } from "@/shared/vault/intents";
import { useDocuments } from "./composer/vault";
import styles from "./Welcome.module.css";

/** A chat that has not begun: what can be asked, by documents that are there. */
export function Welcome({ onExample }: { onExample: (question: string) => void }) {
  const { t } = useTexts("chat");
  const { items, loaded } = useDocuments("");
  if (loaded && items.length === 0) return <Nothing />;
  const [first, second, third] = [...new Set(items.map((one) => named(one.filename)))];
  const examples = [
    first && t("examples.summary", { name: first }),
    second && t("examples.facts", { name: second }),
    third && t("examples.open", { name: third }),
  ].filter((one): one is string => !!one);
  return (
    <div className={styles.welcome}>
      <span className={styles.icon}>
        <MessageSquareQuote aria-hidden="true" />
      </span>
      <h2>{t("welcome.title")}</h2>
      <p>{t("welcome.text")}</p>
      <ul className={styles.examples} aria-label={t("welcome.examples")}>
        {examples.map((example) => (
          <li key={example}>
            <button type="button" onClick={() => onExample(example)}>
              {example}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Nothing() {
  const { t } = useTexts("chat");
  return (
    <div className={styles.nothing}>
      <EmptyState
        icon={<FileUp />}
        title={t("nothing.title")}
        actions={
          <Button kind="primary" icon={<FileUp />} onClick={() => wish("upload", {})}>
            {t("nothing.upload")}
          </Button>
        }
      >
        <p>{t("nothing.text")}</p>
      </EmptyState>
    </div>
  );
}

/** `annual_report-2024.pdf` is called "annual report 2024". */
function named(filename: string): string {
  return filename
    .replace(/\.[a-z0-9]{1,5}$/i, "")
    .replace(/[_-]+/g, " ")
    .trim();
}
