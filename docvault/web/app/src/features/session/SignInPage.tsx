import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, Navigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTexts } from "@/shared/texts";
import { aboutQuery } from "@/shared/vault/about";
import { AuthForm } from "./AuthForm";
import { Frame } from "./Frame";
import { Notes } from "./Notes";
import { SignInByLink, ticketOf } from "./SignInByLink";

const route = getRouteApi("/sign-in");

export function SignInPage() {
  const { t } = useTexts("session");
  const { next } = route.useSearch();
  const about = useQuery(aboutQuery).data;
  const [ticket] = useState(() => ticketOf(location.hash));
  if (about?.first_run && !ticket) return <Navigate to="/welcome" replace />;
  const below = about?.registration_open ? (
    <>
      {t("signIn.noAccount")} <Link to="/register">{t("signIn.register")}</Link>
    </>
  ) : (
    about && t("signIn.closed")
  );
  const form = <AuthForm kind="login" submit={t("signIn.submit")} next={next} />;
  return (
    <Frame title={t("signIn.title")} below={below}>
      <Notes />
      {ticket ? <SignInByLink ticket={ticket}>{form}</SignInByLink> : form}
    </Frame>
  );
}
