import { Link } from "@tanstack/react-router";
import { FileX } from "lucide-react";
import { HoverCard } from "radix-ui";
import { type MouseEvent, type TouchEvent, useRef, useState } from "react";
import { useTexts } from "@/shared/texts";
import { citedPlace } from "../reading";
import type { Citation } from "../types";
import styles from "./Chip.module.css";
import { useCitations } from "./citations";

/** `[2]`: shows what it stands on to whoever points at it, and leads there. A finger shows first. */
export function Chip(props: { "data-citation"?: string }) {
  const citation = useCitations()[Number(props["data-citation"])];
  return citation ? <Cited citation={citation} /> : null;
}

function Cited({ citation }: { citation: Citation }) {
  const { t } = useTexts("chat");
  const [open, setOpen] = useState(false);
  const touched = useRef(false);
  const { document_id: documentId, marker, filename, page } = citation;
  const press = (event: MouseEvent) => {
    if (documentId !== null && !touched.current) return;
    event.preventDefault();
    setOpen(true);
  };
  const shared = {
    className: styles.chip,
    "aria-label": t("citation.label", { marker, filename, page }),
    onPointerDown: (event: { pointerType: string }) => {
      touched.current = event.pointerType === "touch";
    },
    onClick: press,
    // Radix would forbid what a passive listener cannot: the browser complains, and nothing else happens.
    onTouchStartCapture: (event: TouchEvent) => event.stopPropagation(),
  };
  return (
    <HoverCard.Root open={open} onOpenChange={setOpen} openDelay={150} closeDelay={120}>
      <HoverCard.Trigger asChild>
        {documentId === null ? (
          <button type="button" data-gone="" {...shared}>
            {marker}
          </button>
        ) : (
          <Link to="/documents/$documentId" params={{ documentId }} search={citedPlace(citation)} {...shared}>
            {marker}
          </Link>
        )}
      </HoverCard.Trigger>
      <HoverCard.Portal>
        <HoverCard.Content className={styles.card} sideOffset={6} collisionPadding={8}>
          <Card citation={citation} />
        </HoverCard.Content>
      </HoverCard.Portal>
    </HoverCard.Root>
  );
}

function Card({ citation }: { citation: Citation }) {
  const { t } = useTexts("chat");
  const { document_id: documentId, filename, page, quote } = citation;
  return (
    <>
      <p className={styles.where}>
        <strong>{filename}</strong>
        <span>{t("citation.page", { page })}</span>
      </p>
      <blockquote className={styles.quote}>{quote}</blockquote>
      {documentId === null ? (
        <p className={styles.gone}>
          <FileX aria-hidden="true" /> {t("citation.gone")}
        </p>
      ) : (
        <Link to="/documents/$documentId" params={{ documentId }} search={citedPlace(citation)}>
          {t("citation.open")}
        </Link>
      )}
    </>
  );
}
