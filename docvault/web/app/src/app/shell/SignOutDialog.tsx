import { signOut } from "@/shared/api/session";
import { useUnsent } from "@/shared/lib/unsent";
import { useTexts } from "@/shared/texts";
import { ConfirmDialog } from "@/shared/ui/ConfirmDialog";

export default function SignOutDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTexts();
  const count = useUnsent();
  return (
    <ConfirmDialog
      title={count > 0 ? t("leaving.title", { count }) : t("leaving.sent")}
      text={count > 0 ? t("leaving.text") : null}
      stay={t("leaving.stay")}
      confirm={count > 0 ? t("leaving.anyway") : t("account.signOut")}
      onConfirm={() => void signOut()}
      onClose={onClose}
    />
  );
}
