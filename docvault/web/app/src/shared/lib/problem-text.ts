/** A problem in the page's language where it has words for its code, else as the server said it. */
import i18next from "i18next";
import type { Problem } from "@/shared/api/problem";
import { useTexts } from "@/shared/texts";

export type ProblemText = { text: string; hint: string | null };

export function problemText(problem: Problem): ProblemText {
  const own = lookUp(problem.code);
  const hint = lookUp(`${problem.code}_hint`);
  return { text: own ?? problem.detail, hint: hint ?? (own ? null : problem.hint) };
}

export function useProblemText(): (problem: Problem) => ProblemText {
  useTexts(); // another language renders anew
  return problemText;
}

function lookUp(key: string): string | null {
  const bundle = i18next.getResourceBundle(i18next.language, "problems") as
    | Record<string, string>
    | undefined;
  return bundle?.[key] ?? null;
}
