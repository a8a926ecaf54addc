import { ArrowDown, ArrowUp, Plus, X } from "lucide-react";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { IconButton } from "@/shared/ui/IconButton";
import { Badge, Panel, Row, Rows } from "@/shared/ui/Panel";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { Waiting } from "@/shared/ui/Waiting";
import { EXTRACTIVE, type Model, moved, useDefaultModels } from "./models";
import styles from "./Settings.module.css";

export function Models() {
  const { t } = useTexts("settings");
  const { models, most, chosen, choose } = useDefaultModels();
  if (models.isPending) return <Waiting />;
  if (models.isError) return <ProblemNote error={models.error} onRetry={() => void models.refetch()} />;
  const all = models.data.items;
  const others = all.filter(({ id }) => !chosen.includes(id));
  return (
    <>
      <Panel title={t("models.chosen")} text={t("models.chosenText", { count: most })}>
        {chosen.length > 0 ? (
          <Chosen chosen={chosen} all={all} choose={choose} />
        ) : (
          <NoneChosen all={all} most={most} />
        )}
      </Panel>
      <Panel
        title={t("models.others")}
        text={chosen.length < most ? t("models.othersText") : t("models.full", { count: most })}
      >
        {others.length > 0 ? (
          <Rows>
            {others.map((model) => (
              <Other
                key={model.id}
                model={model}
                full={chosen.length >= most}
                onAdd={() => choose([...chosen, model.id])}
              />
            ))}
          </Rows>
        ) : (
          <p className={styles.note}>{t("models.allChosen")}</p>
        )}
      </Panel>
    </>
  );
}

function NoneChosen({ all, most }: { all: readonly Model[]; most: number }) {
  const { t, i18n } = useTexts("settings");
  const name = useNames();
  const asked = all.filter((model) => model.default).slice(0, most);
  const names = new Intl.ListFormat(i18n.language).format(asked.map(({ id }) => name(id)));
  return <p className={styles.note}>{t("models.none", { models: names })}</p>;
}

type ChosenProps = { chosen: readonly string[]; all: readonly Model[]; choose: (ids: string[]) => void };

function Chosen({ chosen, all, choose }: ChosenProps) {
  const { t } = useTexts("settings");
  const name = useNames();
  return (
    <Rows>
      {chosen.map((id, place) => (
        <Row
          key={id}
          icon={<span className={styles.number}>{place + 1}</span>}
          title={<Named id={id} gone={!all.some((model) => model.id === id)} />}
          detail={<Explained id={id} model={all.find((model) => model.id === id)} />}
        >
          <IconButton
            label={t("models.up", { model: name(id) })}
            disabled={place === 0}
            onClick={() => choose(moved(chosen, place, -1))}
          >
            <ArrowUp />
          </IconButton>
          <IconButton
            label={t("models.down", { model: name(id) })}
            disabled={place === chosen.length - 1}
            onClick={() => choose(moved(chosen, place, 1))}
          >
            <ArrowDown />
          </IconButton>
          <IconButton
            label={t("models.remove", { model: name(id) })}
            onClick={() => choose(chosen.filter((one) => one !== id))}
          >
            <X />
          </IconButton>
        </Row>
      ))}
    </Rows>
  );
}

function Other({ model, full, onAdd }: { model: Model; full: boolean; onAdd: () => void }) {
  const { t } = useTexts("settings");
  const { t: common } = useTexts();
  const name = useNames();
  return (
    <Row title={<Named id={model.id} />} detail={<Explained id={model.id} model={model} />}>
      <Button
        size="s"
        icon={<Plus />}
        disabled={full}
        aria-label={t("models.add", { model: name(model.id) })}
        onClick={onAdd}
      >
        {common("action.add")}
      </Button>
    </Row>
  );
}

function Named({ id, gone = false }: { id: string; gone?: boolean }) {
  const { t } = useTexts("settings");
  const name = useNames();
  return (
    <>
      {name(id)} {gone && <Badge kind="warn">{t("models.gone")}</Badge>}
    </>
  );
}

function Explained({ id, model }: { id: string; model: Model | undefined }) {
  const { t } = useTexts("settings");
  if (id === EXTRACTIVE) return t("models.extractiveText");
  return model ? t("models.provider", { provider: model.provider }) : t("models.goneText");
}

/** `openai/gpt-5` is called `gpt-5`. */
function useNames(): (id: string) => string {
  const { t } = useTexts("settings");
  return (id) => (id === EXTRACTIVE ? t("models.extractive") : id.slice(id.indexOf("/") + 1));
}
