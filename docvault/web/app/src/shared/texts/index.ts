/** Every text of the page, by namespace. English is complete by definition; other languages are typed against it. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import type { English } from "./en";

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: English;
  }
}

const KEPT = "docvault.language";
const bundles: Record<Language, () => Promise<{ default: English }>> = {
  en: () => import("./en"),
  de: () => import("./de"),
};

/** What the person chose here, or the browser's language, or English. */
export function preferredLanguage(): Language {
  const wished = [localStorage.getItem(KEPT), ...navigator.languages.map((tag) => tag.split("-")[0])];
  return wished.find((tag): tag is Language => tag !== null && tag !== undefined && tag in LANGUAGES) ?? "en";
}

export async function startTexts(language: Language = preferredLanguage()): Promise<void> {
  const texts = (await bundles[language]()).default;
  await i18next.use(initReactI18next).init({
    lng: language,
    resources: { [language]: texts },
    defaultNS: "common",
    interpolation: { escapeValue: false }, // React escapes
    returnNull: false,
  });
  document.documentElement.lang = language;
}

export async function chooseLanguage(language: Language): Promise<void> {
  const texts = (await bundles[language]()).default;
  for (const [namespace, bundle] of Object.entries(texts))
    i18next.addResourceBundle(language, namespace, bundle);
  localStorage.setItem(KEPT, language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

export { useTranslation as useTexts } from "react-i18next";
