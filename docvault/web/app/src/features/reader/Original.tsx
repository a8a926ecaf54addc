import { ArrowLeft } from "lucide-react";
import { useState } from "react";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import type { DocumentView } from "@/shared/vault/types";
import type { Zoom } from "./pdf/zoom";
import styles from "./Reader.module.css";
import { kindOf, type ViewProps } from "./reading";
import { View } from "./View";
import { ZoomControls } from "./ZoomControls";

const NOWHERE: Pick<ViewProps, "target" | "cited" | "found" | "onPage"> = {
  target: { page: 1, turn: 0, why: "page" },
  cited: null,
  found: { q: "", hits: [], current: -1 },
  onPage: () => undefined,
};

/** The pages of a document that the vault could not read: often a person can. */
export function Original({ document, onBack }: { document: DocumentView; onBack: () => void }) {
  const { t } = useTexts("reader");
  const [zoom, setZoom] = useState<Zoom>("auto");
  const [share, setShare] = useState(1);
  const [target, setTarget] = useState(NOWHERE.target);
  const kind = kindOf(document);
  return (
    <>
      <div className={styles.toolbar} role="toolbar" aria-label={t("toolbar")}>
        <Button size="s" kind="quiet" icon={<ArrowLeft />} onClick={onBack}>
          {t("failed.back")}
        </Button>
        {kind === "pdf" && <ZoomControls zoom={zoom} share={share} onZoom={setZoom} />}
      </div>
      <div className={styles.body}>
        <div className={styles.view}>
          <View
            {...NOWHERE}
            target={target}
            kind={kind}
            shown="pages"
            onShown={onBack}
            document={document}
            zoom={zoom}
            onZoom={setZoom}
            onShare={setShare}
            onGo={({ page, share: down }) =>
              setTarget({ page, share: down, turn: target.turn + 1, why: "page" })
            }
            onOutline={nothing}
          />
        </div>
      </div>
    </>
  );
}

function nothing(): void {}

/** Whether a browser can show what the vault could not read. */
export function canBeShown(document: DocumentView): boolean {
  return kindOf(document) !== "text" && document.error?.code !== "infected";
}
