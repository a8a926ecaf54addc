/** One file to the server by the tus protocol: it goes on where it broke off. */
import type { HttpResponse, Upload, UploadOptions } from "tus-js-client";
import { authorized } from "@/shared/api/client";
import { offline, Problem } from "@/shared/api/problem";
import { accessToken } from "@/shared/api/session";
import { RETRIES, worthAnother } from "./retries";

export type Sent = { documentId: string; duplicate: boolean };
export type Heard = {
  progress: (sent: number) => void;
  /** Where the upload can be gone on with. */
  url: (url: string) => void;
  /** Something was in the way; it is tried again in a moment. */
  again: (problem: Problem) => void;
};

export type Sending = {
  /** Resolves with the document; rejects with a `Problem`. */
  done: Promise<Sent>;
  /** `forget` removes what the server has of it. */
  stop: (forget: boolean) => void;
};

const ENDPOINT = "/api/uploads";
const PART = 64 * 1024 * 1024; // bytes a request: proxies that buffer bodies stay within their limits

type What = { file: File; folder: string; tags: string[]; url: string | null };

export function send(what: What, heard: Heard): Sending {
  let upload: Upload | undefined;
  let stopped = false;
  let forgotten = false;
  const done = import("tus-js-client").then(
    (tus) =>
      new Promise<Sent>((resolve, reject) => {
        if (stopped) return;
        let last: HttpResponse | undefined;
        const options: UploadOptions = {
          endpoint: ENDPOINT,
          uploadUrl: what.url,
          chunkSize: PART,
          retryDelays: RETRIES,
          storeFingerprintForResuming: false, // the queue keeps the addresses itself
          metadata: metadata(what),
          onBeforeRequest: async (request) => {
            const token = await accessToken();
            if (stopped && !forgotten)
              throw new Error("It was stopped, and the token may be another person's.");
            request.setHeader("Authorization", `Bearer ${token}`);
          },
          onAfterResponse: async (_request, response) => {
            last = response;
            if (response.getStatus() === 401) await renew();
          },
          onShouldRetry: ({ originalResponse }) => {
            const again = worthAnother(originalResponse?.getStatus() ?? 0);
            if (again) heard.again(problemIn(originalResponse));
            return again;
          },
          onUploadUrlAvailable: () => upload?.url && heard.url(upload.url),
          onProgress: (sent) => heard.progress(sent),
          onSuccess: () => resolve(sentOf(last)),
          onError: (error) => reject(problemIn("originalResponse" in error ? error.originalResponse : null)),
        };
        upload = new tus.Upload(what.file, options);
        upload.start();
      }),
  );
  return {
    done,
    stop: (forget) => {
      stopped = true;
      if (forgotten) return;
      forgotten = forget;
      void upload?.abort(forget && upload.url !== null).catch(() => undefined);
    },
  };
}

function metadata({ file, folder, tags }: What): Record<string, string> {
  return { filename: file.name, filetype: file.type, folder, tags: tags.join(",") };
}

/** Removes what the server has of an upload that nobody goes on with. Else it does so itself after a while. */
export function forget(url: string): void {
  authorized(url, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } }).catch(() => undefined);
}

/** The token was refused: the next request takes another. */
async function renew(): Promise<void> {
  const refused = await accessToken();
  if (refused) await accessToken(refused);
}

function sentOf(response: HttpResponse | undefined): Sent {
  const documentId = response?.getHeader("X-Document-Id") ?? "";
  return { documentId, duplicate: response?.getHeader("X-Duplicate") === "true" };
}

function problemIn(response: HttpResponse | null | undefined): Problem {
  const status = response?.getStatus() ?? 0;
  try {
    const said = JSON.parse(response?.getBody() ?? "") as { code?: string; detail?: string; hint?: string };
    return new Problem(status, said.code ?? "http", said.detail ?? "", said.hint ?? null);
  } catch {
    return status === 0 ? offline() : new Problem(status, `http_${status}`, `The server answered ${status}.`);
  }
}
