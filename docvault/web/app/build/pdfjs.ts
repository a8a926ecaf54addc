import { createReadStream, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const FOLDERS = ["cmaps", "iccs", "standard_fonts", "wasm"];
const UNUSED = /quickjs/i; // runs the scripts of documents, which we do not
const TYPES: Record<string, string> = { wasm: "application/wasm", js: "text/javascript" };

/**
 * What pdf.js fetches by name while it reads a file (fonts, character maps, decoders), served from this page's own
 * assets. The version is in the path, so these files never change and may be kept for ever.
 */
export function pdfjsAssets(): Plugin {
  const source = join(import.meta.dirname, "../node_modules/pdfjs-dist");
  const version = () =>
    (JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as { version: string }).version;
  return {
    name: "pdfjs-assets",
    configureServer(server) {
      server.middlewares.use(`/assets/pdfjs-${version()}`, (request, response, next) => {
        const [folder = "", file = ""] = (request.url ?? "").split("?")[0]?.split("/").slice(1) ?? [];
        const path = join(source, folder, file);
        if (!FOLDERS.includes(folder) || !file || !existsSync(path)) return next();
        response.setHeader("Content-Type", TYPES[file.split(".").pop() ?? ""] ?? "application/octet-stream");
        createReadStream(path).pipe(response);
      });
    },
    generateBundle() {
      for (const folder of FOLDERS)
        for (const file of readdirSync(join(source, folder)).filter((name) => !UNUSED.test(name)))
          this.emitFile({
            type: "asset",
            fileName: `assets/pdfjs-${version()}/${folder}/${file}`,
            source: readFileSync(join(source, folder, file)),
          });
    },
  };
}
