import { useIsOwed } from "@/shared/api/owed";
import { useSession } from "@/shared/api/session";
import { useTexts } from "@/shared/texts";
import styles from "./Frame.module.css";

/** Why somebody who was inside stands before the door. */
export function Notes() {
  const { t } = useTexts("session");
  const owed = useIsOwed();
  const session = useSession();
  const ended = session.status === "out" && session.ended;
  return (
    <div role="status" className={styles.notes}>
      {owed && <p className={styles.note}>{t("owed")}</p>}
      {!owed && ended && <p className={styles.note}>{t("ended")}</p>}
    </div>
  );
}
