/** Placed by the shell: takes files from anywhere on the page, and shows where they are. */
import { useQuery } from "@tanstack/react-query";
import { useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef } from "react";
import { queryClient } from "@/shared/api/query";
import { useUser } from "@/shared/api/session";
import { bytes } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { ErrorBoundary } from "@/shared/ui/ErrorBoundary";
import { aboutQuery } from "@/shared/vault/about";
import { fulfil } from "@/shared/vault/intents";
import { libraryPlace } from "@/shared/vault/place";
import { useLeaveWarning, usePaste } from "./browser";
import { DropZone } from "./DropZone";
import { type Found, filesOfList } from "./dropped";
import type { Failure, Most } from "./model";
import { Queue, useItems } from "./queue";

const UploadPanel = lazy(() => import("./UploadPanel"));

export function Uploads() {
  const user = useUser();
  return <UploadsOf key={user.id} owner={user.id} />;
}

function UploadsOf({ owner }: { owner: string }) {
  const queue = useMemo(() => new Queue(owner, mostAtOnce), [owner]);
  const items = useItems(queue);
  const here = useFolder();
  const refusal = useRefusal();
  const put = useCallback(
    (found: Found[], tags: string[] = []) => queue.add(found, tags, refusal),
    [queue, refusal],
  );
  useEffect(() => queue.start(), [queue]);
  useLeaveWarning(queue.sum.active > 0);
  usePaste((files) => put(filesOfList(files, here)));
  return (
    <>
      <Pickers put={put} here={here} />
      <DropZone folder={here} onFiles={put} />
      {items.length > 0 && (
        <ErrorBoundary>
          <Suspense>
            <UploadPanel queue={queue} items={items} />
          </Suspense>
        </ErrorBoundary>
      )}
    </>
  );
}

function mostAtOnce(): Partial<Most> {
  const limits = queryClient.getQueryData(aboutQuery.queryKey)?.limits;
  return limits ? { files: limits.max_request_files, bytes: limits.max_request_bytes } : {};
}

/** The folder that the library shows; elsewhere the top. */
function useFolder(): string {
  return useRouterState({
    select: ({ location }) =>
      location.pathname.startsWith("/library") ? (libraryPlace(location.search).folder ?? "") : "",
  });
}

function useRefusal(): (file: File) => Failure | null {
  const { t } = useTexts("uploads");
  const most = useQuery(aboutQuery).data?.limits.max_file_bytes;
  return useCallback(
    (file) => {
      if (most === undefined || file.size <= most) return null;
      return { text: t("tooLarge", { size: bytes(file.size) }), hint: t("largest", { size: bytes(most) }) };
    },
    [t, most],
  );
}

/** The browser's own dialogs for files and for a folder, opened when somebody wishes for an upload. */
function Pickers({ put, here }: { put: (found: Found[], tags?: string[]) => void; here: string }) {
  const { t } = useTexts("uploads");
  const files = useRef<HTMLInputElement>(null);
  const directory = useRef<HTMLInputElement>(null);
  const into = useRef<{ folder: string; tags: string[] }>({ folder: "", tags: [] });
  useEffect(
    () =>
      fulfil("upload", (wished) => {
        into.current = { folder: wished.folder ?? here, tags: wished.tags ?? [] };
        if (wished.files) put(filesOfList(wished.files, into.current.folder), into.current.tags);
        else (wished.directory ? directory : files).current?.click();
      }),
    [put, here],
  );
  function chosen(input: HTMLInputElement) {
    if (input.files) put(filesOfList(input.files, into.current.folder), into.current.tags);
    input.value = ""; // the same file may be chosen again
  }
  return (
    <div hidden>
      <input
        ref={files}
        type="file"
        multiple
        aria-label={t("choose")}
        onChange={(e) => chosen(e.currentTarget)}
      />
      <input
        ref={directory}
        type="file"
        multiple
        webkitdirectory=""
        aria-label={t("chooseFolder")}
        onChange={(e) => chosen(e.currentTarget)}
      />
    </div>
  );
}

declare module "react" {
  interface InputHTMLAttributes<T> extends HTMLAttributes<T> {
    webkitdirectory?: string;
  }
}
