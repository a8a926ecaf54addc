import { lazy, Suspense } from "react";
import type { Problem } from "@/shared/api/problem";
import { Spinner } from "@/shared/ui/Spinner";
import { BrokenPdf } from "./BrokenPdf";
import { PictureView } from "./PictureView";
import type { Zoom } from "./pdf/zoom";
import styles from "./Reader.module.css";
import type { Inside, Kind, OutlineItem, ViewProps } from "./reading";
import type { Shown } from "./Toolbar";
import { TextView } from "./text/TextView";

const PdfView = lazy(() => import("./pdf/PdfView").then((m) => ({ default: m.PdfView })));

type Props = ViewProps & {
  kind: Kind;
  shown: Shown;
  onShown: (shown: Shown) => void;
  zoom: Zoom;
  onZoom: (zoom: Zoom) => void;
  onShare: (share: number) => void;
  onGo: (place: Inside) => void;
  onOutline: (items: OutlineItem[]) => void;
};

/** The pages themselves, as their format is best read. */
export function View({ kind, shown, onShown, zoom, onZoom, onShare, onGo, onOutline, ...view }: Props) {
  if (kind === "picture") return <PictureView {...view} />;
  if (kind === "text" || shown === "text") return <TextView {...view} />;
  const broken = (problem: Problem, unlock: (password: string) => void) => (
    <BrokenPdf document={view.document} problem={problem} onText={() => onShown("text")} onUnlock={unlock} />
  );
  return (
    <Suspense
      fallback={
        <div className={styles.opening}>
          <Spinner />
        </div>
      }
    >
      <PdfView
        {...view}
        zoom={zoom}
        onZoom={onZoom}
        onShare={onShare}
        onGo={onGo}
        onOutline={onOutline}
        failed={broken}
        onText={() => onShown("text")}
      />
    </Suspense>
  );
}
