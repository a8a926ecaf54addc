import { useUser } from "@/shared/api/session";
import { day, exactly } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { Badge, Row, Rows } from "@/shared/ui/Panel";
import { ChangePassword } from "./ChangePassword";
import { DeleteAccount } from "./DeleteAccount";
import { Sessions } from "./Sessions";
import styles from "./Settings.module.css";

export function Account() {
  const { t } = useTexts("settings");
  const user = useUser();
  return (
    <>
      <Rows>
        <Row
          title={
            <>
              {user.email} {user.is_admin && <Badge kind="accent">{t("account.admin")}</Badge>}
            </>
          }
          detail={t("account.emailText")}
          wraps
        >
          <span className={styles.value} title={exactly(user.created_at)}>
            {t("account.since", { date: day(user.created_at) })}
          </span>
        </Row>
      </Rows>
      <ChangePassword />
      <Sessions />
      <DeleteAccount />
    </>
  );
}
