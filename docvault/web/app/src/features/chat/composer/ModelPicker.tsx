import { Sparkles } from "lucide-react";
import { useState } from "react";
import { useTexts } from "@/shared/texts";
import { EXTRACTIVE, nameOf, useModels } from "../models";
import { MOST_MODELS } from "../types";
import styles from "./Composer.module.css";
import { type ChoiceGroup, Picker } from "./Picker";

/** Who answers: one model, or up to four side by side. */
export function ModelPicker({ chosen, onChosen }: { chosen: string[]; onChosen: (ids: string[]) => void }) {
  const { t } = useTexts("chat");
  const models = useModels();
  const [q, setQ] = useState("");
  const name = (id: string) => nameOf(id, t("model.extractive"));
  const full = chosen.length >= MOST_MODELS;
  const choices = models
    .filter(({ id }) => `${id} ${name(id)}`.toLowerCase().includes(q.trim().toLowerCase()))
    .map(({ id, provider }) => ({
      key: id,
      label: name(id),
      detail: id === EXTRACTIVE ? t("model.builtIn") : provider,
      chosen: chosen.includes(id),
      disabled: chosen.includes(id) ? chosen.length === 1 : full,
    }));
  const groups: ChoiceGroup[] = [{ key: "models", label: t("model.group"), choices }];
  const toggle = (id: string) =>
    onChosen(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]);
  const [only] = chosen;
  const shown =
    only === undefined ? "…" : chosen.length === 1 ? name(only) : t("model.count", { count: chosen.length });
  return (
    <Picker
      trigger={
        <button type="button" className={styles.pick} aria-label={`${t("model.pick")}: ${shown}`}>
          <Sparkles aria-hidden="true" />
          <span>{shown}</span>
        </button>
      }
      label={t("model.pick")}
      placeholder={t("model.search")}
      groups={groups}
      empty={t("model.none")}
      note={models.length > 1 ? t("model.note", { most: MOST_MODELS }) : t("model.only")}
      q={q}
      onSearch={setQ}
      onToggle={toggle}
    />
  );
}
