import { useQuery } from "@tanstack/react-query";
import { Navigate } from "@tanstack/react-router";
import { FileStack, Quote, ShieldCheck } from "lucide-react";
import { useTexts } from "@/shared/texts";
import { aboutQuery } from "@/shared/vault/about";
import { AuthForm } from "./AuthForm";
import { Frame } from "./Frame";
import styles from "./Frame.module.css";

/** The first start: nobody has an account yet. */
export function WelcomePage() {
  const { t } = useTexts("session");
  const about = useQuery(aboutQuery).data;
  if (about && !about.first_run) return <Navigate to="/sign-in" search={{}} replace />;
  return (
    <Frame title={t("welcome.title")}>
      <ul className={styles.lines}>
        <li>
          <FileStack aria-hidden="true" /> {t("welcome.line1")}
        </li>
        <li>
          <Quote aria-hidden="true" /> {t("welcome.line2")}
        </li>
        <li>
          <ShieldCheck aria-hidden="true" /> {t("welcome.line3")}
        </li>
      </ul>
      <AuthForm kind="register" submit={t("welcome.submit")} minLength={about?.password_min_length ?? 0} />
    </Frame>
  );
}
