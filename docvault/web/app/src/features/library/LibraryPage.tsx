import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useMemo, useReducer } from "react";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { type LibraryPlace, SORTS, VIEWS } from "@/shared/vault/place";
import type { DocumentView } from "@/shared/vault/types";
import { DocumentRows } from "./DocumentRows";
import { useOpenDialog } from "./dialogs";
import { LibraryEmpty } from "./LibraryEmpty";
import styles from "./LibraryPage.module.css";
import { documentsOf, documentsQuery, isFiltered } from "./list";
import { ReadingStrip } from "./ReadingStrip";
import { SelectionBar } from "./SelectionBar";
import { SubFolders, useSubFolders } from "./SubFolders";
import { NOTHING, select } from "./selection";
import { Toolbar } from "./Toolbar";

const Dialogs = lazy(() => import("./Dialogs").then((module) => ({ default: module.Dialogs })));
const route = getRouteApi("/inside/library");
const KEPT_VIEW = "docvault.library.view";
const KEPT_SORT = "docvault.library.sort";

/** The documents of a folder, of a filter, or of the trash. */
export function LibraryPage() {
  const asked = route.useSearch();
  const place = {
    ...asked,
    sort: asked.sort ?? SORTS.find((one) => one === localStorage.getItem(KEPT_SORT)),
  };
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
  const list = useInfiniteQuery(documentsQuery(place));
  const documents = useMemo(() => documentsOf(list.data), [list.data]);
  const [selection, dispatch] = useReducer(select, NOTHING);
  const order = useMemo(() => documents.map((document) => document.id), [documents]);
  useEffect(() => dispatch({ do: "keep", order }), [order]);
  const go = useCallback(
    (change: Partial<LibraryPlace>) => {
      if (change.view) localStorage.setItem(KEPT_VIEW, change.view);
      if (change.sort) localStorage.setItem(KEPT_SORT, change.sort);
      void navigate({ search: (before) => ({ ...before, ...change }), replace: "q" in change });
    },
    [navigate],
  );
  const view = place.view ?? VIEWS.find((one) => one === localStorage.getItem(KEPT_VIEW)) ?? "list";
  const chosen = useMemo(
    () => documents.filter(({ id }) => selection.chosen.has(id)),
    [documents, selection],
  );
  const total = list.data?.pages[0]?.total ?? undefined;
  const top = !isFiltered(place) && !place.trash;
  const hasFolders = useSubFolders(place.folder ?? "").length > 0;
  return (
    <div className={styles.page}>
      <Toolbar place={place} view={view} go={go} total={total || undefined} />
      {!place.trash && <ReadingStrip place={place} go={go} />}
      {list.error && <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isSuccess && documents.length === 0 ? (
        <>
          {top && <SubFolders path={place.folder ?? ""} />}
          {!(top && hasFolders) && <LibraryEmpty place={place} go={go} />}
        </>
      ) : (
        <DocumentRows
          documents={documents}
          pending={list.isPending}
          view={view}
          place={place}
          selection={selection}
          dispatch={dispatch}
          onEnd={() => void (list.hasNextPage && !list.isFetching && list.fetchNextPage())}
          header={top ? <SubFolders path={place.folder ?? ""} /> : null}
        />
      )}
      {chosen.length > 0 && (
        <SelectionBar chosen={chosen} trash={place.trash ?? false} onDone={() => dispatch({ do: "none" })} />
      )}
    </div>
  );
}

export type Go = (change: Partial<LibraryPlace>) => void;
export type Documents = readonly DocumentView[];
