import { Link, useRouterState } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { lazy, type ReactNode, Suspense } from "react";
import { useTexts } from "@/shared/texts";
import { ErrorBoundary } from "@/shared/ui/ErrorBoundary";
import { wish } from "@/shared/vault/intents";
import { AccountMenu } from "./AccountMenu";
import { PLACES } from "./places";
import styles from "./Sidebar.module.css";

const FolderTree = lazy(() =>
  import("@/features/library/FolderTree").then((m) => ({ default: m.FolderTree })),
);
const ConversationList = lazy(() =>
  import("@/features/chat/ConversationList").then((m) => ({ default: m.ConversationList })),
);

/** The main menu, and below it what belongs to the place: the folders, or the conversations. */
export function Sidebar() {
  const { t } = useTexts();
  return (
    <aside className={styles.sidebar}>
      <header className={styles.header}>
        <Link to="/library" search={{}} className={styles.name}>
          <img src="/icon.svg" alt="" width="22" height="22" />
          {t("name")}
        </Link>
      </header>
      <button type="button" className={styles.find} onClick={() => wish("palette", undefined)}>
        <Search aria-hidden="true" />
        {t("nav.search")}
        <kbd>{shortcut()}</kbd>
      </button>
      <nav aria-label={t("nav.label")} className={styles.places}>
        {PLACES.map(({ to, text, icon: Icon }) => (
          <Link
            key={to}
            to={to}
            search={{}}
            className={styles.place}
            activeProps={{ "aria-current": "page" }}
          >
            <Icon aria-hidden="true" />
            {t(text)}
          </Link>
        ))}
      </nav>
      <Context />
      <AccountMenu />
    </aside>
  );
}

function Context(): ReactNode {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const section = path.startsWith("/chat") ? (
    <ConversationList />
  ) : path.startsWith("/library") ? (
    <FolderTree />
  ) : null;
  return (
    <div className={styles.context}>
      <ErrorBoundary resetKey={path}>
        <Suspense>{section}</Suspense>
      </ErrorBoundary>
    </div>
  );
}

function shortcut(): string {
  return /Mac|iP/.test(navigator.platform) ? "⌘K" : "Ctrl K";
}
