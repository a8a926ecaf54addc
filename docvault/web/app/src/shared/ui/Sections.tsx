import { Link } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { useTexts } from "@/shared/texts";
import { ErrorBoundary } from "./ErrorBoundary";
import styles from "./Sections.module.css";

export type SectionLink = { id: string; label: string; icon: LucideIcon };

type Props = {
  title: string;
  to: "/settings/{-$section}" | "/admin/{-$section}";
  sections: readonly SectionLink[];
  /** Undefined where the address names none: the first one, or on a phone the list alone. */
  current: string | undefined;
  children: ReactNode;
};

/** A page of several sections: a quiet list beside them; on a phone, a list of links that leads to each. */
export function Sections({ title, to, sections, current, children }: Props) {
  const { t } = useTexts();
  const shown = sections.find(({ id }) => id === current) ?? sections[0];
  return (
    <div className={styles.page} data-open={current === undefined ? undefined : ""}>
      <div className={styles.side}>
        <h1 className={styles.title}>{title}</h1>
        <nav aria-label={title}>
          <ul className={styles.list}>
            {sections.map(({ id, label, icon: Icon }) => (
              <li key={id}>
                <Link
                  to={to}
                  params={{ section: id }}
                  className={styles.link}
                  activeProps={{}}
                  aria-current={id === shown?.id ? "page" : undefined}
                >
                  <Icon aria-hidden="true" />
                  {label}
                  <ChevronRight className={styles.chevron} aria-hidden="true" />
                </Link>
              </li>
            ))}
          </ul>
        </nav>
      </div>
      <div className={styles.section}>
        <Link to={to} params={{ section: undefined }} className={styles.back}>
          <ChevronLeft aria-hidden="true" />
          <span className="visually-hidden">{t("action.back")}:</span> {title}
        </Link>
        <h2 className={styles.heading}>{shown?.label}</h2>
        <ErrorBoundary resetKey={shown?.id}>{children}</ErrorBoundary>
      </div>
    </div>
  );
}
