import { Outlet, useRouterState } from "@tanstack/react-router";
import { Palette } from "@/features/search/Palette";
import { Uploads } from "@/features/uploads/Uploads";
import { useSession } from "@/shared/api/session";
import { useTexts } from "@/shared/texts";
import { ErrorBoundary } from "@/shared/ui/ErrorBoundary";
import { useLive } from "@/shared/vault/live";
import { usePreferences } from "@/shared/vault/preferences";
import { OfflineNote } from "./OfflineNote";
import styles from "./Shell.module.css";
import { Sidebar } from "./Sidebar";
import { SignedOut } from "./SignedOut";
import { SignOut } from "./SignOut";
import { TabBar } from "./TabBar";

/** Around everything that signed-in people see. */
export function Shell() {
  const session = useSession();
  if (session.status !== "in") return <SignedOut />;
  return <Inside key={session.session.user.id} />; // the next person, as by a link, begins anew
}

function Inside() {
  const { t } = useTexts();
  const path = useRouterState({ select: (state) => state.location.pathname });
  useLive();
  usePreferences();
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        {t("skip")}
      </a>
      <Sidebar />
      <main id="main" className={styles.main} tabIndex={-1}>
        <OfflineNote />
        <ErrorBoundary resetKey={path}>
          <Outlet />
        </ErrorBoundary>
      </main>
      <TabBar />
      <SignOut />
      <ErrorBoundary over>
        <Uploads />
      </ErrorBoundary>
      <ErrorBoundary over>
        <Palette />
      </ErrorBoundary>
    </div>
  );
}
