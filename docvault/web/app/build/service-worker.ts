import { createHash } from "node:crypto";
import { join } from "node:path";
import { build, type Plugin, type Rollup } from "vite";

const CSS_OR_SCRIPT = /\.(?:js|css)$/;
const FIRST_FONT = /inter-latin-wght/; // others come with the first text that needs them

/**
 * Writes `sw.js` beside the page: `worker/sw.ts` with the names of what it keeps at once. The page's version is the
 * hash of all names, which carry hashes of what they hold; index.html says it too, so that the two can be compared.
 */
export function serviceWorker(): Plugin {
  let root = "";
  return {
    name: "service-worker",
    apply: "build",
    configResolved(config) {
      root = config.root;
    },
    generateBundle: {
      order: "post",
      async handler(_options, bundle) {
        const index = bundle["index.html"];
        if (index?.type !== "asset") throw new Error("The build has no index.html.");
        const page = String(index.source);
        const names = Object.keys(bundle).filter((name) => name.startsWith("assets/"));
        const version = hashOf([page, ...names.sort()]);
        index.source = page.replace("<html ", `<html data-version="${version}" `);
        const assets = names.filter((name) => isKeptAtOnce(name, bundle[name])).map((name) => `/${name}`);
        this.emitFile({ type: "asset", fileName: "sw.js", source: await worker(root, version, assets) });
      },
    },
  };
}

/** All of the page but pdf.js, which is larger than the rest of it and not needed to find and to ask. */
function isKeptAtOnce(name: string, part: Rollup.OutputAsset | Rollup.OutputChunk | undefined): boolean {
  const ofPdfjs = part?.type === "chunk" && part.moduleIds.some((id) => id.includes("/pdfjs-dist/"));
  return FIRST_FONT.test(name) || (CSS_OR_SCRIPT.test(name) && !name.includes("pdfjs") && !ofPdfjs);
}

function hashOf(lines: string[]): string {
  return createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 16);
}

async function worker(root: string, version: string, assets: string[]): Promise<string> {
  const built = await build({
    root,
    configFile: false,
    logLevel: "warn",
    define: { __VERSION__: JSON.stringify(version), __ASSETS__: JSON.stringify(assets) },
    build: {
      write: false,
      target: "es2022",
      rollupOptions: { input: join(root, "worker/sw.ts"), output: { format: "iife" } },
    },
  });
  const [chunk] = (built as Rollup.RollupOutput).output;
  return chunk.code;
}
