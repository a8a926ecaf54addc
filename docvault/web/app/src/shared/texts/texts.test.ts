import i18next from "i18next";
import { expect, test } from "vitest";
import german from "./de";
import english from "./en";

test.each([
  ["en", english, ["Being read: 0 of 1 page", "Being read: 2 of 3 pages"]],
  ["de", german, ["Wird gelesen: 0 von 1 Seite", "Wird gelesen: 2 von 3 Seiten"]],
])("%s: one page is one page", async (lng, texts, said) => {
  const texter = i18next.createInstance();
  await texter.init({ lng, resources: { [lng]: texts } });
  const pages = (done: number, count: number) => texter.t("stage.pages", { ns: "uploads", done, count });
  expect([pages(0, 1), pages(2, 3)]).toEqual(said);
});
