import type { PDFDocumentProxy, PDFPageProxy } from "pdfjs-dist";
import { useEffect, useState } from "react";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { areaStyle } from "../boxes";
import type { Inside } from "../reading";
import styles from "./Links.module.css";
import { linksOf, type PdfLink, placeOf } from "./links";

type Props = { pdf: PDFDocumentProxy; page: PDFPageProxy | null; onGo: (place: Inside) => void };

/** What can be followed on a page: places in the document at once, addresses after they were shown. */
export function Links({ pdf, page, onGo }: Props) {
  const { t } = useTexts("reader");
  const links = useLinks(page);
  const [asked, setAsked] = useState<string | null>(null);
  const follow = ({ destination }: PdfLink) => {
    if (!destination) return;
    placeOf(pdf, destination).then(
      (place) => place && onGo(place),
      () => undefined, // it leads nowhere
    );
  };
  return (
    <>
      {links.map((link) => {
        const key = `${link.left} ${link.top} ${link.words}`;
        return link.url ? (
          <a
            key={key}
            className={styles.link}
            style={areaStyle(link)}
            href={link.url}
            target="_blank"
            rel="noopener noreferrer"
            title={link.url}
            onClick={(event) => {
              if (event.ctrlKey || event.metaKey || event.shiftKey) return;
              event.preventDefault();
              setAsked(link.url ?? null);
            }}
          >
            <span className="visually-hidden">{link.words || link.url}</span>
          </a>
        ) : (
          <button
            key={key}
            type="button"
            className={styles.link}
            style={areaStyle(link)}
            aria-label={link.words || t("links.inside")}
            onClick={() => follow(link)}
          />
        );
      })}
      {asked && <Outside url={asked} onClose={() => setAsked(null)} />}
    </>
  );
}

/** The address in full before it is opened: what stands on the page may say another. */
function Outside({ url, onClose }: { url: string; onClose: () => void }) {
  const { t } = useTexts(["reader", "common"]);
  const open = () => {
    window.open(url, "_blank", "noopener,noreferrer");
    onClose();
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t("links.title")}
      description={<span className={styles.address}>{url}</span>}
      actions={
        <>
          <Button onClick={onClose}>{t("common:action.cancel")}</Button>
          <Button kind="primary" onClick={open}>
            {t("links.open")}
          </Button>
        </>
      }
    />
  );
}

function useLinks(page: PDFPageProxy | null): PdfLink[] {
  const [links, setLinks] = useState<PdfLink[]>([]);
  useEffect(() => {
    let left = false;
    if (!page) return setLinks([]);
    linksOf(page).then(
      (found) => !left && setLinks(found),
      () => undefined, // without them the page can still be read
    );
    return () => {
      left = true;
    };
  }, [page]);
  return links;
}
