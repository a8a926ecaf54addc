import { useQuery } from "@tanstack/react-query";
import { bytes, number } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { Panel, Row, Rows } from "@/shared/ui/Panel";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { Waiting } from "@/shared/ui/Waiting";
import { aboutQuery } from "@/shared/vault/about";
import styles from "./Settings.module.css";

export function About() {
  const { t } = useTexts("settings");
  const about = useQuery(aboutQuery);
  if (about.isPending) return <Waiting />;
  if (about.isError) return <ProblemNote error={about.error} onRetry={() => void about.refetch()} />;
  const { version, limits } = about.data;
  return (
    <>
      <Panel title={t("about.title")}>
        <Rows>
          <Fact title={t("about.version")} value={version} />
          <Row title={t("about.api")} detail={t("about.apiText")} wraps>
            <a href="/schema/openapi.json" target="_blank" rel="noreferrer">
              {t("about.schema")}
            </a>
          </Row>
        </Rows>
      </Panel>
      <Panel title={t("about.limits")}>
        <Rows>
          <Fact title={t("about.file")} value={bytes(limits.max_file_bytes)} />
          <Fact
            title={t("about.question")}
            value={t("about.characters", {
              count: limits.max_question_chars,
              replace: { count: number(limits.max_question_chars) },
            })}
          />
          <Fact title={t("about.models")} value={number(limits.max_models)} />
          <Fact
            title={t("about.trash")}
            value={limits.trash_days ? number(limits.trash_days) : t("about.forever")}
          />
        </Rows>
      </Panel>
    </>
  );
}

function Fact({ title, value }: { title: string; value: string }) {
  return (
    <Row title={title}>
      <span className={styles.value}>{value}</span>
    </Row>
  );
}
