import { WifiOff } from "lucide-react";
import { useOnline } from "@/shared/lib/online";
import { useTexts } from "@/shared/texts";
import styles from "./Shell.module.css";

export function OfflineNote() {
  const { t } = useTexts();
  if (useOnline()) return null;
  return (
    <p className={styles.offline} role="status">
      <WifiOff aria-hidden="true" /> {t("offline")}
    </p>
  );
}
