import {
  Archive,
  BookOpen,
  File,
  FileText,
  Image,
  type LucideIcon,
  Mail,
  Presentation,
  Table2,
} from "lucide-react";
import styles from "./DocumentIcon.module.css";
import { type Kind, kindOf } from "./kind";

const ICONS: Record<Kind, LucideIcon> = {
  pdf: FileText,
  text: FileText,
  table: Table2,
  slides: Presentation,
  image: Image,
  mail: Mail,
  archive: Archive,
  book: BookOpen,
  other: File,
};

/** For the eye only: the name beside it says the rest. */
export function DocumentIcon({ contentType }: { contentType: string }) {
  const kind = kindOf(contentType);
  const Icon = ICONS[kind];
  return <Icon className={styles.icon} data-kind={kind} aria-hidden="true" />;
}
