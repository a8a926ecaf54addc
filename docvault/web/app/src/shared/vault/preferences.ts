/**
 * How a person likes the page: kept in this browser, and with the account for the other ones.
 *
 * This browser remembers what the account said last. As long as that has not changed, what was chosen here stays; when
 * it has, somebody chose something else on another browser, and it is taken over.
 */
import i18next from "i18next";
import { useEffect } from "react";
import { api, body } from "@/shared/api/client";
import { asProblem, OFFLINE } from "@/shared/api/problem";
import type { components } from "@/shared/api/schema";
import { type User, userChanged, useUser } from "@/shared/api/session";
import { problemText } from "@/shared/lib/problem-text";
import { chooseTheme, type Theme, theme } from "@/shared/lib/theme";
import { chooseLanguage, LANGUAGES, type Language } from "@/shared/texts";
import { toast } from "@/shared/ui/toast";

type Change = components["schemas"]["PreferencesPatch"];
type Looks = { theme: Theme; language: string | null };
type Seen = Looks & { person: string };

const KEPT = "docvault.preferences";
const NEW: Looks = { theme: "system", language: null }; // what an account says before anybody chose

/** Takes over what was chosen on another browser, when the person signs in and whenever the account is heard of. */
export function usePreferences(): void {
  const user = useUser();
  useEffect(() => {
    const looks = looksOf(user);
    const change = toTakeOver(user.id, looks, seen());
    remember(user.id, looks);
    if (change.theme && change.theme !== theme()) chooseTheme(change.theme);
    if (isLanguage(change.language) && change.language !== i18next.language) {
      void chooseLanguage(change.language);
    }
  }, [user]);
}

/** What of the account's looks this browser shall take over. */
export function toTakeOver(person: string, account: Looks, before: Seen | null): Partial<Looks> {
  // Of somebody who was never here, only what they chose: not what nobody ever asked them.
  const known = before?.person === person ? before : NEW;
  const fresh = before !== null && before.person !== person;
  return {
    ...(fresh || account.theme !== known.theme ? { theme: account.theme } : {}),
    ...(fresh || account.language !== known.language ? { language: account.language } : {}),
  };
}

export function keepTheme(chosen: Theme): void {
  chooseTheme(chosen);
  void keep({ theme: chosen });
}

export async function keepLanguage(chosen: Language): Promise<void> {
  await chooseLanguage(chosen);
  await keep({ language: chosen });
}

/** With the account. Throws a `Problem`. */
export async function savePreferences(preferences: Change): Promise<User> {
  const user = await body(api.PATCH("/api/me", { body: { preferences } }));
  remember(user.id, looksOf(user)); // before anybody hears of it: what was chosen here is no news
  userChanged(user);
  return user;
}

/** Here it is chosen in any case; offline that has to do. */
async function keep(change: Change): Promise<void> {
  try {
    await savePreferences(change);
  } catch (error) {
    const problem = asProblem(error);
    if (problem.code === OFFLINE) return;
    const { text, hint } = problemText(problem);
    toast({ kind: "bad", text, detail: hint ?? undefined });
  }
}

function looksOf({ preferences }: User): Looks {
  return { theme: preferences?.theme ?? NEW.theme, language: preferences?.language ?? NEW.language };
}

function isLanguage(tag: string | null | undefined): tag is Language {
  return tag !== null && tag !== undefined && tag in LANGUAGES;
}

function seen(): Seen | null {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "null") as Seen | null;
  } catch {
    return null;
  }
}

function remember(person: string, looks: Looks): void {
  localStorage.setItem(KEPT, JSON.stringify({ person, ...looks } satisfies Seen));
}
