import { Link } from "@tanstack/react-router";
import { CircleUser } from "lucide-react";
import { useTexts } from "@/shared/texts";
import { Menu } from "@/shared/ui/Menu";
import { AccountItems } from "./AccountMenu";
import { PLACES } from "./places";
import styles from "./TabBar.module.css";

/** The main menu on a phone. */
export function TabBar() {
  const { t } = useTexts();
  return (
    <nav className={styles.bar} aria-label={t("nav.label")}>
      {PLACES.map(({ to, text, icon: Icon }) => (
        <Link key={to} to={to} search={{}} className={styles.tab} activeProps={{ "aria-current": "page" }}>
          <Icon aria-hidden="true" />
          {t(text)}
        </Link>
      ))}
      <Menu
        side="top"
        trigger={
          <button type="button" className={styles.tab}>
            <CircleUser aria-hidden="true" />
            {t("nav.settings")}
          </button>
        }
      >
        <AccountItems />
      </Menu>
    </nav>
  );
}
