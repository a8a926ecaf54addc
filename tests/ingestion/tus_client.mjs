// A page's upload, by the protocol's official client: node tus_client.mjs OPTIONS, as one line of JSON.
//   module, endpoint, token, file, urls (where the addresses of unfinished uploads are kept), chunk (bytes),
//   leaveAt (bytes after which this process is gone, in the middle of a request; null to stay)
// Prints what it asked and was answered, a line of JSON each, and at the end {"done": ...} or {"failed": ...}.

import { createReadStream, writeSync } from "node:fs";
import { createRequire } from "node:module";

const options = JSON.parse(process.argv[2]);
const tus = createRequire(import.meta.url)(options.module);

function say(what) {
  writeSync(1, `${JSON.stringify(what)}\n`);
}

const upload = new tus.Upload(createReadStream(options.file), {
  endpoint: options.endpoint,
  headers: { Authorization: `Bearer ${options.token}` },
  metadata: { filename: "harbour.txt", folder: "from the page", tags: "sea,tide" },
  chunkSize: options.chunk,
  retryDelays: [100, 300, 1000, 3000, 5000],
  urlStorage: new tus.FileUrlStorage(options.urls),
  removeFingerprintOnSuccess: true,
  onAfterResponse(request, response) {
    say({
      method: request.getMethod(),
      from: request.getHeader("Upload-Offset") ?? null,
      status: response.getStatus(),
      offset: response.getHeader("Upload-Offset") ?? null,
    });
  },
  onProgress(sent) {
    if (options.leaveAt !== null && sent >= options.leaveAt) process.exit(7);
  },
  onError(error) {
    say({ failed: String(error) });
    process.exit(1);
  },
  onSuccess({ lastResponse }) {
    const header = (name) => lastResponse.getHeader(name) ?? null;
    say({ done: { document: header("X-Document-Id"), duplicate: header("X-Duplicate"), url: upload.url } });
  },
});

const [unfinished] = await upload.findPreviousUploads();
if (unfinished) upload.resumeFromPreviousUpload(unfinished);
upload.start();
