import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { body, open } from "@/shared/api/client";
import { asProblem, Problem } from "@/shared/api/problem";
import { settleOwed, signedIn } from "@/shared/api/session";
import { useTexts } from "@/shared/texts";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { Spinner } from "@/shared/ui/Spinner";

/** The ticket of a link that signs in once; it is in the fragment, which no server sees. */
export function ticketOf(hash: string): string | null {
  return new URLSearchParams(hash.replace(/^#/, "")).get("ticket");
}

/** Changes the ticket for a session; says so when it is no longer good. */
export function SignInByLink({ ticket }: { ticket: string }) {
  const { t } = useTexts("session");
  const navigate = useNavigate();
  const exchange = useMutation({
    mutationFn: async () => {
      await settleOwed();
      return body(open.POST("/api/auth/exchange", { body: { ticket } }));
    },
    meta: { quiet: true },
    onSuccess: (tokens) => {
      signedIn(tokens);
      void navigate({ to: "/library", search: {}, replace: true });
    },
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
    return <ProblemNote error={new Problem(problem.status, "link", t("link.invalid"), t("link.hint"))} />;
  }
  return (
    <p role="status" aria-busy="true">
      <Spinner /> {t("signIn.byLink")}
    </p>
  );
}
