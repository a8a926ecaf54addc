/** Links that a model wrote: they say where they lead, and the page there learns nothing of this one. */
import type { ReactNode } from "react";
import styles from "./Markdown.module.css";

const FOLLOWED = new Set(["http:", "https:", "mailto:"]);

export function SafeLink({ href, children }: { href?: string; children?: ReactNode }) {
  const url = href && URL.canParse(href) ? new URL(href) : null;
  if (!url || !FOLLOWED.has(url.protocol)) return <span>{children}</span>;
  const shown = typeof children === "string" ? children : "";
  return (
    <a href={url.href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
      {url.host && !shown.includes(url.host) && <span className={styles.host}> ({url.host})</span>}
    </a>
  );
}

/** A picture from elsewhere would tell its server who reads this: it is named, not loaded. */
export function ImageLink({ src, alt }: { src?: string; alt?: string }) {
  return <SafeLink href={src}>{alt || src}</SafeLink>;
}
