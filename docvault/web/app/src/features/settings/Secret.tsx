import { CopyButton } from "@/shared/ui/CopyButton";
import styles from "./Settings.module.css";

/** A text to be taken elsewhere, exactly as it stands. */
export function Secret({ label, copy, text }: { label: string; copy: string; text: string }) {
  return (
    <div className={styles.secret}>
      <div className={styles.secretHead}>
        {label}
        <CopyButton label={copy} text={text} />
      </div>
      <pre className={styles.code}>{text}</pre>
    </div>
  );
}
