import { hashKey } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useState } from "react";
import { type LibraryPlace, VIEWS } from "@/shared/vault/place";
import { Documents } from "./Documents";
import { useOpenDialog } from "./dialogs";
import styles from "./LibraryPage.module.css";
import { KEPT_SORT, listKey, sorted } from "./list";
import { ReadingStrip } from "./ReadingStrip";
import { Toolbar } from "./Toolbar";

const Dialogs = lazy(() => import("./Dialogs").then((module) => ({ default: module.Dialogs })));
const route = getRouteApi("/inside/library");
const KEPT_VIEW = "docvault.library.view";

/** The documents of a folder, of a filter, or of the trash. */
export function LibraryPage() {
  const place = sorted(route.useSearch());
  return (
    <>
      <Library key={`${place.folder ?? ""}${place.trash ?? ""}`} place={place} />
      <OpenDialog />
    </>
  );
}

function OpenDialog() {
  return <Suspense>{useOpenDialog() && <Dialogs />}</Suspense>;
}

function Library({ place }: { place: LibraryPlace }) {
  const navigate = route.useNavigate();
  const [total, setTotal] = useState<number>();
  const go = useCallback(
    (change: Partial<LibraryPlace>) => {
      if (change.view) localStorage.setItem(KEPT_VIEW, change.view);
      if (change.sort) localStorage.setItem(KEPT_SORT, change.sort);
      void navigate({ search: (before) => ({ ...before, ...change }), replace: "q" in change });
    },
    [navigate],
  );
  const view = place.view ?? VIEWS.find((one) => one === localStorage.getItem(KEPT_VIEW)) ?? "list";
  return (
    <div className={styles.page}>
      <Toolbar place={place} view={view} go={go} total={total || undefined} />
      {!place.trash && <ReadingStrip place={place} go={go} />}
      <Documents key={hashKey(listKey(place))} place={place} view={view} go={go} onTotal={setTotal} />
    </div>
  );
}

export type Go = (change: Partial<LibraryPlace>) => void;
