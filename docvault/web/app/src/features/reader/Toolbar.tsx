import { FileText, Search, TableOfContents, TextQuote } from "lucide-react";
import type { ReactNode } from "react";
import { useTexts } from "@/shared/texts";
import { IconButton } from "@/shared/ui/IconButton";
import { Segmented } from "@/shared/ui/Segmented";
import { PageField } from "./PageField";
import type { Zoom } from "./pdf/zoom";
import styles from "./Reader.module.css";
import { ZoomControls } from "./ZoomControls";

export type Shown = "pages" | "text";

type Props = {
  page: number;
  count: number;
  onGo: (page: number) => void;
  zoom: { zoom: Zoom; share: number; onZoom: (zoom: Zoom) => void } | null;
  view: { shown: Shown; onShown: (shown: Shown) => void } | null;
  /** Null where there is no table of contents. */
  outline: { open: boolean; onOpen: () => void } | null;
  finding: boolean;
  onFind: () => void;
  children?: ReactNode;
};

export function Toolbar({ page, count, onGo, zoom, view, outline, finding, onFind, children }: Props) {
  const { t } = useTexts("reader");
  return (
    <div className={styles.toolbar} role="toolbar" aria-label={t("toolbar")}>
      {outline && (
        <IconButton label={t("outline.open")} pressed={outline.open} onClick={outline.onOpen}>
          <TableOfContents />
        </IconButton>
      )}
      {count > 1 && <PageField page={page} count={count} onGo={onGo} />}
      {zoom && <ZoomControls {...zoom} />}
      <div className={styles.middle}>{children}</div>
      {view && (
        <Segmented<Shown>
          label={t("view.label")}
          value={view.shown}
          onChange={view.onShown}
          options={[
            { value: "pages", label: t("view.pages"), icon: <FileText /> },
            { value: "text", label: t("view.text"), icon: <TextQuote /> },
          ]}
        />
      )}
      <IconButton label={t("find.open")} pressed={finding} onClick={onFind}>
        <Search />
      </IconButton>
    </div>
  );
}
