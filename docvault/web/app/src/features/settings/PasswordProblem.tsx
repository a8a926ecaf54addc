import { asProblem, Problem } from "@/shared/api/problem";
import { useTexts } from "@/shared/texts";
import { ProblemNote } from "@/shared/ui/ProblemNote";

/** Why a password did no good, unless it was the wrong one: its field says that. */
export function PasswordProblem({ error }: { error: unknown }) {
  const { t } = useTexts("settings");
  if (!error) return null;
  const problem = asProblem(error);
  if (problem.code === "invalid_credentials") return null;
  if (problem.status !== 429 || problem.retryAfter === null) return <ProblemNote error={problem} />;
  const said = t("account.wait", { count: problem.retryAfter });
  return <ProblemNote error={new Problem(problem.status, problem.code, said)} />;
}
