import { ChevronRight, X } from "lucide-react";
import { useState } from "react";
import { useTexts } from "@/shared/texts";
import { IconButton } from "@/shared/ui/IconButton";
import styles from "./Outline.module.css";
import type { Inside, OutlineItem } from "./reading";

const FEW = 60; // entries that are all shown at once

type Props = { items: readonly OutlineItem[]; onGo: (place: Inside) => void; onClose: () => void };

/** The table of contents that a PDF brings along. */
export function Outline({ items, onGo, onClose }: Props) {
  const { t } = useTexts("reader");
  const open = countOf(items) <= FEW;
  return (
    <nav className={styles.panel} aria-label={t("outline.label")}>
      <header className={styles.header}>
        <h2>{t("outline.label")}</h2>
        <IconButton label={t("outline.close")} onClick={onClose}>
          <X />
        </IconButton>
      </header>
      <Entries items={items} open={open} onGo={onGo} />
    </nav>
  );
}

type Shown = { open: boolean; onGo: Props["onGo"] };

function Entries({ items, ...shown }: Shown & { items: readonly OutlineItem[] }) {
  return (
    <ul className={styles.entries}>
      {items.map((item, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: titles may say the same, and entries never move.
        <Entry key={index} item={item} {...shown} />
      ))}
    </ul>
  );
}

function Entry({ item, open: first, onGo }: Shown & { item: OutlineItem }) {
  const { t } = useTexts("reader");
  const [open, setOpen] = useState(first);
  const below = item.items.length > 0;
  const go = () =>
    item.find?.().then(
      (place) => place && onGo(place),
      () => undefined, // it leads nowhere
    );
  return (
    <li>
      <div className={styles.entry}>
        {below ? (
          <button
            type="button"
            className={styles.fold}
            aria-expanded={open}
            aria-label={t("outline.below", { title: item.title })}
            onClick={() => setOpen(!open)}
          >
            <ChevronRight aria-hidden="true" />
          </button>
        ) : (
          <span className={styles.fold} />
        )}
        <button type="button" className={styles.title} onClick={item.find ? go : () => setOpen(!open)}>
          {item.title}
        </button>
      </div>
      {below && open && <Entries items={item.items} open={first} onGo={onGo} />}
    </li>
  );
}

function countOf(items: readonly OutlineItem[]): number {
  return items.reduce((sum, item) => sum + 1 + countOf(item.items), 0);
}
