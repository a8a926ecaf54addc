import { useNavigate } from "@tanstack/react-router";
import { ChevronsUpDown, LogOut, Monitor, Moon, Settings, Shield, Sun } from "lucide-react";
import { useUser } from "@/shared/api/session";
import { THEMES, type Theme, useTheme } from "@/shared/lib/theme";
import { useTexts } from "@/shared/texts";
import { Menu, MenuChoice, MenuItem, MenuSeparator } from "@/shared/ui/Menu";
import { wish } from "@/shared/vault/intents";
import { keepTheme } from "@/shared/vault/preferences";
import styles from "./AccountMenu.module.css";

const ICONS = { system: <Monitor />, light: <Sun />, dark: <Moon /> };

export function AccountMenu() {
  const { t } = useTexts();
  const user = useUser();
  return (
    <Menu
      side="top"
      align="start"
      trigger={
        <button type="button" className={styles.trigger}>
          <span className={styles.initial} aria-hidden="true">
            {user.email.slice(0, 1).toUpperCase()}
          </span>
          <span className="visually-hidden">{t("account.menu")}: </span>
          <span className={styles.email}>{user.email}</span>
          <ChevronsUpDown aria-hidden="true" />
        </button>
      }
    >
      <AccountItems />
    </Menu>
  );
}

export function AccountItems() {
  const { t } = useTexts();
  const user = useUser();
  const theme = useTheme();
  const navigate = useNavigate();
  return (
    <>
      <MenuItem icon={<Settings />} onSelect={() => void navigate({ to: "/settings/{-$section}" })}>
        {t("nav.settings")}
      </MenuItem>
      {user.is_admin && (
        <MenuItem icon={<Shield />} onSelect={() => void navigate({ to: "/admin/{-$section}" })}>
          {t("nav.admin")}
        </MenuItem>
      )}
      <MenuSeparator />
      <MenuChoice<Theme>
        label={t("account.theme")}
        value={theme}
        onChange={keepTheme}
        options={THEMES.map((one) => ({ value: one, label: t(`theme.${one}`), icon: ICONS[one] }))}
      />
      <MenuSeparator />
      <MenuItem icon={<LogOut />} onSelect={() => wish("signOut", undefined)}>
        {t("account.signOut")}
      </MenuItem>
    </>
  );
}
