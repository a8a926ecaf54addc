/** One file to the server by the tus protocol: it goes on where it broke off. */
import type { HttpResponse, Upload, UploadOptions } from "tus-js-client";
import { Problem } from "@/shared/api/problem";
import { accessToken } from "@/shared/api/session";

export type Sent = { documentId: string; duplicate: boolean };
export type Progress = (sent: number) => void;

export type Sending = {
  /** Resolves with the document; rejects with a `Problem`. */
  done: Promise<Sent>;
  /** `forget` removes what the server has of it. */
  stop: (forget: boolean) => void;
};

const ENDPOINT = "/api/uploads";
const PART = 64 * 1024 * 1024; // bytes a request: proxies that buffer bodies stay within their limits
const RETRIES = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000];

type What = { file: File; folder: string; tags: string[]; url: string | null };

export function send(what: What, onProgress: Progress, onUrl: (url: string) => void): Sending {
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
          uploadDataDuringCreation: true,
          storeFingerprintForResuming: false, // the queue keeps the addresses itself
          metadata: metadata(what),
          onBeforeRequest: async (request) => {
            request.setHeader("Authorization", `Bearer ${await accessToken()}`);
          },
          onAfterResponse: async (_request, response) => {
            last = response;
            if (response.getStatus() === 401) await renew();
          },
          onShouldRetry: (error) => worthAnother(error.originalResponse?.getStatus() ?? 0),
          onUploadUrlAvailable: () => upload?.url && onUrl(upload.url),
          onProgress: (sent) => onProgress(sent),
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

/** The token was refused: the next request takes another. */
async function renew(): Promise<void> {
  const refused = await accessToken();
  if (refused) await accessToken(refused);
}

function worthAnother(status: number): boolean {
  return (
    status === 0 || status === 401 || status === 409 || status === 423 || status === 429 || status >= 500
  );
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
    return new Problem(status, status === 0 ? "offline" : `http_${status}`, `The server answered ${status}.`);
  }
}
