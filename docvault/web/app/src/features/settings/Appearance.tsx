import { THEMES, type Theme, useTheme } from "@/shared/lib/theme";
import { LANGUAGES, type Language, useTexts } from "@/shared/texts";
import { Row, Rows } from "@/shared/ui/Panel";
import { Segmented } from "@/shared/ui/Segmented";
import { keepLanguage, keepTheme } from "@/shared/vault/preferences";
import styles from "./Settings.module.css";

export function Appearance() {
  const { t, i18n } = useTexts("settings");
  const { t: common } = useTexts();
  const theme = useTheme();
  return (
    <div className={styles.group}>
      <Rows>
        <Row title={t("appearance.theme")} detail={t("appearance.themeText")} wraps>
          <Segmented<Theme>
            label={t("appearance.theme")}
            value={theme}
            onChange={keepTheme}
            options={THEMES.map((one) => ({ value: one, label: common(`theme.${one}`) }))}
          />
        </Row>
        <Row title={t("appearance.language")} detail={t("appearance.languageText")} wraps>
          <Segmented<Language>
            label={t("appearance.language")}
            value={i18n.language as Language}
            onChange={(chosen) => void keepLanguage(chosen)}
            options={Object.entries(LANGUAGES).map(([tag, label]) => ({ value: tag as Language, label }))}
          />
        </Row>
      </Rows>
      <p className={styles.note}>{t("appearance.kept")}</p>
    </div>
  );
}
