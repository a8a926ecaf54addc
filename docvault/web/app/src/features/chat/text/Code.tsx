import type { Element } from "hast";
import type { ReactNode } from "react";
import { useTexts } from "@/shared/texts";
import { CopyButton } from "../CopyButton";
import { useCitations } from "./citations";
import { Highlighted } from "./Highlighted";
import styles from "./Markdown.module.css";
import { released } from "./markers";

/** Code between fences, as it stands in the Markdown. */
export function Code({ code, language }: { code: string; language: string }) {
  const { t } = useTexts("chat");
  const text = released(code, useCitations());
  return (
    <figure className={styles.code}>
      <figcaption>
        <span>{language || t("code.plain")}</span>
        <CopyButton label={t("code.copy")} text={() => text} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>
        <Highlighted code={text} language={language} />
      </pre>
    </figure>
  );
}

/** The same where it stands inside something else: in a list, in a quotation. */
export function CodeBlock({ node }: { node?: Element }) {
  const code = node?.children[0];
  const language = code?.type === "element" ? languageOf(code) : "";
  return <Code code={textOf(code).replace(/\n$/, "")} language={language} />;
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
