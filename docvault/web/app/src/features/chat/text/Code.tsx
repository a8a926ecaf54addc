import type { Element } from "hast";
import type { ReactNode } from "react";
import { useTexts } from "@/shared/texts";
import { CopyButton } from "../CopyButton";
import { useCitations } from "./citations";
import styles from "./Markdown.module.css";
import { released } from "./markers";

export function CodeBlock({ node }: { node?: Element }) {
  const { t } = useTexts("chat");
  const citations = useCitations();
  const code = node?.children[0];
  const language = code?.type === "element" ? languageOf(code) : "";
  const text = released(textOf(code), citations).replace(/\n$/, "");
  return (
    <figure className={styles.code}>
      <figcaption>
        <span>{language || t("code.plain")}</span>
        <CopyButton label={t("code.copy")} text={() => text} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
    </figure>
  );
}

export function InlineCode({ children }: { children?: ReactNode }) {
  const citations = useCitations();
  return <code>{typeof children === "string" ? released(children, citations) : children}</code>;
}

export function ScrollingTable({ children }: { children?: ReactNode }) {
  const { t } = useTexts("chat");
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div role="group" className={styles.table} tabIndex={0} aria-label={t("table")}>
      <table>{children}</table>
    </div>
  );
}

function languageOf(code: Element): string {
  const names = code.properties.className;
  const name = Array.isArray(names) ? names.find((one) => String(one).startsWith("language-")) : undefined;
  return name ? String(name).slice("language-".length) : "";
}

function textOf(node: Element["children"][number] | undefined): string {
  if (node?.type === "text") return node.value;
  return node?.type === "element" ? node.children.map(textOf).join("") : "";
}
