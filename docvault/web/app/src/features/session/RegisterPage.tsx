import { useQuery } from "@tanstack/react-query";
import { Link, Navigate } from "@tanstack/react-router";
import { useTexts } from "@/shared/texts";
import { aboutQuery } from "@/shared/vault/about";
import { AuthForm } from "./AuthForm";
import { Frame } from "./Frame";

export function RegisterPage() {
  const { t } = useTexts("session");
  const about = useQuery(aboutQuery).data;
  if (about?.first_run) return <Navigate to="/welcome" replace />;
  const below = (
    <>
      {t("register.haveAccount")}{" "}
      <Link to="/sign-in" search={{}}>
        {t("register.signIn")}
      </Link>
    </>
  );
  if (about && !about.registration_open)
    return (
      <Frame title={t("register.closed")} below={below}>
        <p>{t("register.closedText")}</p>
      </Frame>
    );
  return (
    <Frame title={t("register.title")} below={below}>
      <AuthForm kind="register" submit={t("register.submit")} minLength={about?.password_min_length ?? 0} />
    </Frame>
  );
}
