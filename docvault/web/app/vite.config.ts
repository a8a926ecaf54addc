import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { firstPage } from "./build/first-page.ts";
import { pdfjsAssets } from "./build/pdfjs.ts";
import { precompress } from "./build/precompress.ts";
import { preloadFont } from "./build/preload-font.ts";
import { serviceWorker } from "./build/service-worker.ts";

const API = process.env.DOCVAULT_API ?? "http://127.0.0.1:8000";
const proxied = ["/api", "/health", "/schema"];

export default defineConfig({
  plugins: [react(), pdfjsAssets(), preloadFont(), serviceWorker(), precompress()],
  resolve: {
    alias: {
      "@": fileURLToPath(new URL("./src", import.meta.url)),
      // Dialogs lock the page's scrolling with a <style> element, which the Content-Security-Policy refuses.
      "react-style-singleton": fileURLToPath(new URL("./src/shared/lib/adopted-style.ts", import.meta.url)),
    },
  },
  build: {
    outDir: "../static",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    rolldownOptions: { output: { codeSplitting: { groups: [firstPage] } } },
  },
  server: { proxy: Object.fromEntries(proxied.map((path) => [path, { target: API, changeOrigin: false }])) },
  // A test that needs a document asks for one in its first line: `// @vitest-environment jsdom`.
  test: {
    environment: "node",
    include: ["src/**/*.test.{ts,tsx}", "worker/**/*.test.ts"],
    testTimeout: 30_000,
  },
});
