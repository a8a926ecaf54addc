import { useCallback, useEffect, useState } from "react";
import { ErrorBoundary } from "@/shared/ui/ErrorBoundary";
import type { DocumentView } from "@/shared/vault/types";
import { Actions } from "./Actions";
import { Details } from "./Details";
import { FindBar } from "./FindBar";
import { Header, trashedAt } from "./Header";
import { CitedChip, Notes } from "./Notes";
import { Outline } from "./Outline";
import { stepped, type Zoom } from "./pdf/zoom";
import styles from "./Reader.module.css";
import { type Inside, kindOf, type OutlineItem } from "./reading";
import { type Shown, Toolbar } from "./Toolbar";
import { useCitedWords } from "./useCitedWords";
import { useFind } from "./useFind";
import { useKeys } from "./useKeys";
import { usePlace } from "./usePlace";
import { View } from "./View";

const NARROW = "(max-width: 720px)"; // where the table of contents lies over the pages

/** A document that has been read: its pages, where it is, and what can be done with it. */
export function Reader({ document }: { document: DocumentView }) {
  const at = usePlace();
  const kind = kindOf(document);
  const [shown, setShown] = useState<Shown>("pages");
  const [zoom, setZoom] = useState<Zoom>("auto");
  const [share, setShare] = useState(1);
  const [panel, setPanel] = useState(false);
  const [focus, setFocus] = useState(0);
  const [outline, setOutline] = useState<OutlineItem[]>([]);
  const [contents, setContents] = useState(false);
  const count = Math.max(document.pages, 1);
  const { change, goTo, jump, page } = at;
  const find = useFind(
    document,
    at.place.q,
    page,
    at.cited !== null,
    goTo,
    useCallback((q) => change({ q }), [change]),
  );
  const cited = useCitedWords(document, at.cited, kind === "pdf" && shown === "pages");
  const drawn = kind === "pdf" && shown === "pages";

  useKeys({
    page: (to) => goTo(Math.min(count, Math.max(1, to))),
    current: page,
    count,
    find: () => {
      find.show();
      setFocus((turns) => turns + 1);
    },
    close: find.open ? find.close : undefined,
    zoom: drawn ? (direction) => setZoom(direction === 0 ? "auto" : stepped(share, direction)) : undefined,
  });
  useTitle(document.filename);
  const follow = useCallback(
    (place: Inside) => {
      if (matchMedia(NARROW).matches) setContents(false);
      void jump(place);
    },
    [jump],
  );

  return (
    <div className={styles.reader}>
      <Header document={document}>
        <Actions
          document={document}
          link={() => linkTo(document.id, page, at.cited?.page === page)}
          panel={panel}
          onPanel={() => setPanel(!panel)}
        />
      </Header>
      <Toolbar
        page={page}
        count={count}
        onGo={goTo}
        zoom={drawn ? { zoom, share, onZoom: setZoom } : null}
        view={kind === "pdf" ? { shown, onShown: setShown } : null}
        outline={outline.length ? { open: contents, onOpen: () => setContents(!contents) } : null}
        finding={find.open}
        onFind={() => (find.open ? find.close() : find.show())}
      >
        {at.cited && (
          <CitedChip
            page={at.cited.page}
            onShow={() => goTo(at.cited?.page ?? 1, "cited")}
            onClear={at.clear}
          />
        )}
      </Toolbar>
      <Notes document={document} trashed={trashedAt(document) !== null} />
      <div className={styles.body}>
        {contents && outline.length > 0 && (
          <Outline items={outline} onGo={follow} onClose={() => setContents(false)} />
        )}
        <div className={styles.view}>
          {find.open && <FindBar find={find} focus={focus} />}
          <ErrorBoundary resetKey={`${document.sha256} ${shown}`}>
            <View
              kind={kind}
              shown={shown}
              onShown={setShown}
              document={document}
              target={at.target}
              cited={cited}
              found={find.found}
              onPage={at.setPage}
              zoom={zoom}
              onZoom={setZoom}
              onShare={setShare}
              onGo={follow}
              onOutline={setOutline}
            />
          </ErrorBoundary>
        </div>
        {panel && <Details document={document} onClose={() => setPanel(false)} />}
      </div>
    </div>
  );
}

/** The address of this page: with its marks where they are on it, else of the page alone. */
function linkTo(id: string, page: number, marked: boolean): string {
  const { origin, search } = window.location;
  const params = marked ? new URLSearchParams(search) : new URLSearchParams({ page: String(page) });
  params.delete("q");
  return `${origin}/documents/${id}?${params}`;
}

function useTitle(name: string): void {
  useEffect(() => {
    const before = window.document.title;
    window.document.title = name;
    return () => {
      window.document.title = before;
    };
  }, [name]);
}
