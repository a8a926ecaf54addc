import { WifiOff } from "lucide-react";
import { useConnection } from "@/shared/lib/online";
import { useTexts } from "@/shared/texts";
import styles from "./Shell.module.css";

export function OfflineNote() {
  const { t } = useTexts();
  const connection = useConnection();
  if (connection === "there") return null;
  return (
    <p className={styles.offline} role="status">
      <WifiOff aria-hidden="true" /> {t(connection)}
    </p>
  );
}
