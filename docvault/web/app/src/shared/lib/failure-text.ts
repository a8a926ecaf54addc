/** Why a document could not be read, in the page's language; a code that it has no words for as the server said it. */
import i18next from "i18next";
import { useTexts } from "@/shared/texts";
import type { DocumentView } from "@/shared/vault/types";

type Failure = NonNullable<DocumentView["error"]>;
/** `said` are the server's own words, where they may tell more than the page's. */
export type FailureText = { text: string; hint: string | null; said: string | null };
type Texts = Record<"reason" | "text" | "hint" | "todo", Partial<Record<string, string>>>;

export function failureText(error: Failure | null | undefined): FailureText {
  if (!error) return { text: "", hint: null, said: null };
  const { code, detail, hint } = error;
  const text = texts()?.text[code];
  if (text === undefined) return { text: detail, hint: hint ?? null, said: null };
  return { text, hint: texts()?.hint[code] ?? null, said: [detail, hint].filter(Boolean).join(" ") || null };
}

export function useFailureText(): (error: Failure | null | undefined) => FailureText {
  useTexts(); // another language renders anew
  return failureText;
}

/** For those who run the vault: the reason in short, and what they can do. */
export function failureReason(code: string, detail: string): { reason: string; todo: string } {
  return { reason: texts()?.reason[code] ?? code, todo: texts()?.todo[code] ?? detail };
}

function texts(): Texts | undefined {
  return i18next.getResourceBundle(i18next.language, "failures") as Texts | undefined;
}
