/** Many small files in one request: the server writes all of them down at once, or none. */
import { authorized } from "@/shared/api/client";
import { offline, type Problem, problemOf } from "@/shared/api/problem";
import { queryClient } from "@/shared/api/query";
import { accessToken } from "@/shared/api/session";
import { keys } from "@/shared/vault/keys";
import type { DocumentView } from "@/shared/vault/types";
import { RETRIES, worthAnother } from "./retries";

export type Heard = {
  /** Bytes of the request's files that went out, of all of them in their order. */
  progress: (sent: number, of: number) => void;
  /** Something was in the way; it is tried again in a moment. */
  again: (problem: Problem) => void;
};

/** What was asked of the server, until it is known what became of it. */
export class Bundle {
  /** Whether the server may have all of it: from then on, taking it back does not stop it. */
  isOut = false;
  private lost = false; // an answer, while the server may have had all
  private readonly leaving = new AbortController();
  private readonly began = performance.now();

  constructor(
    private readonly files: readonly File[],
    private readonly folder: string,
    private readonly tags: readonly string[],
    private readonly heard: Heard,
  ) {}

  stop(): void {
    this.leaving.abort();
  }

  /** The documents, in the files' order. Rejects with a `Problem`; never when it was stopped. */
  async send(): Promise<DocumentView[]> {
    const form = new FormData();
    form.set("folder", this.folder);
    form.set("tags", this.tags.join(","));
    for (const file of this.files) form.append("file", file, file.name);
    let refused: string | undefined;
    for (let attempt = 0; ; attempt += 1) {
      const token = await accessToken(refused);
      const answer = await this.post(form, token);
      if (answer?.ok) return this.read(answer);
      const status = answer?.status ?? 0;
      this.lost ||= this.isOut && (status === 0 || status >= 500);
      const problem = answer ? await problemOf(answer) : offline();
      refused = status === 401 ? (token ?? undefined) : undefined;
      const pause = RETRIES[attempt + 1];
      if (pause === undefined || token === null || !worthAnother(status)) throw problem;
      this.heard.again(problem);
      await this.rest(Math.max(pause, (problem.retryAfter ?? 0) * 1000));
    }
  }

  /** Null when nobody answered. `fetch` tells of no progress. */
  private post(form: FormData, token: string | null): Promise<Response | null> {
    return new Promise((resolve) => {
      if (this.leaving.signal.aborted) return;
      const request = new XMLHttpRequest();
      request.open("POST", "/api/documents");
      request.setRequestHeader("Authorization", `Bearer ${token}`);
      request.upload.onprogress = ({ loaded, total }) => this.heard.progress(loaded, total);
      request.upload.onload = () => {
        this.isOut = true;
      };
      request.onload = () => resolve(answerOf(request));
      request.onerror = () => resolve(null);
      this.leaving.signal.addEventListener("abort", () => request.abort(), { once: true });
      request.send(form);
    });
  }

  /**
   * Where an answer was lost, the same bytes again are said to be there already: but it was this very upload that
   * brought them, if they came since it began, by the server's own clock.
   */
  private async read(answer: Response): Promise<DocumentView[]> {
    const { documents } = (await answer.json()) as { documents: DocumentView[] };
    if (!this.lost) return documents;
    const since = Date.parse(answer.headers.get("Date") ?? "") - (performance.now() - this.began);
    const seen = new Set<string>();
    return documents.map((document) => {
      const isOwn = !seen.has(document.id) && Date.parse(document.created_at) >= since;
      seen.add(document.id);
      return isOwn ? { ...document, duplicate_of: null } : document;
    });
  }

  private rest(milliseconds: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
  }
}

function answerOf(request: XMLHttpRequest): Response {
  const headers = new Headers();
  for (const name of ["Content-Type", "Date", "Retry-After"]) {
    const value = request.getResponseHeader(name);
    if (value) headers.set(name, value);
  }
  return new Response(request.responseText, { status: request.status, headers });
}

/** A file as it is now, in memory; null when it cannot be read: it was moved, changed, or is a folder in disguise. */
export async function read(file: File | undefined): Promise<File | null> {
  if (!file) return null;
  try {
    return new File([await file.arrayBuffer()], file.name, { type: file.type });
  } catch {
    return null;
  }
}

/** The events may have told more of it by now. */
export function remember(document: DocumentView): void {
  const key = keys.document(document.id);
  if (!queryClient.getQueryData(key)) queryClient.setQueryData(key, { ...document, duplicate_of: null });
}

/** Takes back what this upload brought, and nothing else: the newer revision, or a document that was not there. */
export function undo({ id, duplicate_of, revision, pending_revision }: DocumentView): void {
  const asked = pending_revision
    ? authorized(`/api/documents/${id}/cancel`, { method: "POST" })
    : duplicate_of === null && revision === 1
      ? authorized(`/api/documents/${id}`, { method: "DELETE" })
      : null;
  asked?.catch(() => undefined);
}
