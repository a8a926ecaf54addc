import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef } from "react";
import { body, open } from "@/shared/api/client";
import { asProblem, Problem } from "@/shared/api/problem";
import { enterBy } from "@/shared/api/session";
import { useTexts } from "@/shared/texts";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { Spinner } from "@/shared/ui/Spinner";

/** The ticket of a link that signs in once; it is in the fragment, which no server sees. */
export function ticketOf(hash: string): string | null {
  return new URLSearchParams(hash.replace(/^#/, "")).get("ticket");
}

type Props = {
  ticket: string;
  /** Another way in, for when the ticket is no longer good. Before that, a cookie that is known must not be asked for. */
  children: ReactNode;
};

/** Changes the ticket for a session. */
export function SignInByLink({ ticket, children }: Props) {
  const { t } = useTexts("session");
  const navigate = useNavigate();
  const exchange = useMutation({
    mutationFn: () => enterBy(() => body(open.POST("/api/auth/exchange", { body: { ticket } }))),
    meta: { quiet: true },
    onSuccess: () => navigate({ to: "/library", search: {}, replace: true }),
  });
  const { mutate } = exchange;
  const asked = useRef(false); // the ticket is good once, and effects may run twice
  useEffect(() => {
    if (asked.current) return;
    asked.current = true;
    history.replaceState(history.state, "", location.pathname); // nobody finds a used ticket in the history
    mutate();
  }, [mutate]);
  if (exchange.error) {
    const problem = asProblem(exchange.error);
    if (problem.code !== "invalid_ticket") return <ProblemNote error={problem} onRetry={mutate} />;
    const invalid = new Problem(problem.status, "link", t("link.invalid"), t("link.hint"));
    return (
      <>
        <ProblemNote error={invalid} />
        {children}
      </>
    );
  }
  return (
    <p role="status" aria-busy="true">
      <Spinner /> {t("signIn.byLink")}
    </p>
  );
}
