import { useCallback, useEffect, useReducer, useState } from "react";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import type { LibraryPlace, View } from "@/shared/vault/place";
import { DocumentRows } from "./DocumentRows";
import { LibraryEmpty } from "./LibraryEmpty";
import type { Go } from "./LibraryPage";
import { isFiltered, useListing } from "./list";
import { SelectionBar } from "./SelectionBar";
import { SubFolders, useSubFolders } from "./SubFolders";
import { NOTHING, select } from "./selection";
import { useChoosing } from "./useChoosing";
import type { Sight } from "./useRowWindow";

type Props = { place: LibraryPlace; view: View; go: Go; onTotal: (total: number) => void };

/** One list, from its beginning to its end, and what is chosen in it. */
export function Documents({ place, view, go, onTotal }: Props) {
  const [sight, setSight] = useState<Sight>({ first: 0, last: 0 });
  const { listing, error, retry } = useListing(place, sight);
  const [selection, dispatch] = useReducer(select, NOTHING);
  const choosing = useChoosing(place, listing, selection, dispatch);
  const { total } = listing;
  useEffect(() => {
    if (total !== undefined) onTotal(total);
  }, [total, onTotal]);
  const onSight = useCallback((next: Sight) => setSight(next), []);
  const top = !isFiltered(place) && !place.trash;
  const hasFolders = useSubFolders(place.folder ?? "").length > 0;
  return (
    <>
      {error && <ProblemNote error={error} onRetry={retry} />}
      {total === 0 ? (
        <>
          {top && <SubFolders path={place.folder ?? ""} />}
          {!(top && hasFolders) && <LibraryEmpty place={place} go={go} />}
        </>
      ) : (
        <DocumentRows
          listing={listing}
          pending={total === undefined && !error}
          view={view}
          place={place}
          choosing={choosing}
          onSight={onSight}
          header={top ? <SubFolders path={place.folder ?? ""} /> : null}
        />
      )}
      {selection.chosen.size > 0 && (
        <SelectionBar
          chosen={selection.chosen}
          all={total ?? 0}
          trash={place.trash ?? false}
          onAll={choosing.all}
          onDone={choosing.none}
        />
      )}
    </>
  );
}
