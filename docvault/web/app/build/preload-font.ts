import type { Plugin } from "vite";

const LATIN = /inter-latin-wght-normal-.*\.woff2$/;

/**
 * Asks for the font that nearly all words are drawn in beside the script. Else the browser learns of it with the first
 * words, draws them in another one, and all of them a second time.
 */
export function preloadFont(): Plugin {
  return {
    name: "preload-font",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(_html, { bundle = {} }) {
        const font = Object.keys(bundle).find((name) => LATIN.test(name));
        if (!font)
          throw new Error("The font of the page is not in the build: name it in build/preload-font.ts.");
        const attrs = { rel: "preload", href: `/${font}`, as: "font", type: "font/woff2", crossorigin: true };
        return [{ tag: "link", attrs, injectTo: "head" }];
      },
    },
  };
}
