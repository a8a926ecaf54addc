import { Upload } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTexts } from "@/shared/texts";
import styles from "./DropZone.module.css";
import { type Found, filesOf } from "./dropped";

type Props = { folder: string; onFiles: (found: Found[]) => void };

/** The whole window takes files. Dragging text or a link within the page is none of its business. */
export function DropZone({ folder, onFiles }: Props) {
  const { t } = useTexts("uploads");
  const over = useDrop(folder, onFiles);
  if (!over) return null;
  return (
    <div className={styles.zone} aria-hidden="true">
      <div className={styles.card}>
        <Upload />
        <strong>{t("drop")}</strong>
        <span>{folder ? t("dropInto", { folder }) : t("dropTop")}</span>
      </div>
    </div>
  );
}

function useDrop(folder: string, onFiles: Props["onFiles"]): boolean {
  const [over, setOver] = useState(false);
  const latest = useRef({ folder, onFiles });
  useEffect(() => {
    latest.current = { folder, onFiles };
  });
  useEffect(() => {
    let depth = 0; // every element under the pointer is entered and left
    const carries = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const handlers: [string, (event: DragEvent) => void][] = [
      ["dragenter", () => setOver(++depth > 0)],
      ["dragleave", () => setOver(--depth > 0)],
      ["dragover", () => undefined],
      [
        "drop",
        (event) => {
          depth = 0;
          setOver(false);
          const { folder: into, onFiles: put } = latest.current;
          if (event.dataTransfer) void filesOf(event.dataTransfer, into, put);
        },
      ],
    ];
    const leaving = new AbortController();
    for (const [name, handle] of handlers) {
      const listener = (event: Event) => {
        if (!carries(event as DragEvent)) return;
        event.preventDefault();
        handle(event as DragEvent);
      };
      window.addEventListener(name, listener, { signal: leaving.signal });
    }
    return () => leaving.abort();
  }, []);
  return over;
}
