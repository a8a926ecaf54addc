/**
 * The service worker: the page opens without a connection, and shows what this person has seen of their vault.
 *
 * It answers three kinds of requests and leaves all others (uploads, streams, downloads, ranges) to the browser.
 */
import { keepable, seenFirstFromNetwork } from "./seen";
import { asset, install, isAsset, navigation, tidy, VERSION } from "./shell";

declare const self: ServiceWorkerGlobalScope;

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(tidy().then(() => self.clients.claim())));

self.addEventListener("message", (event) => {
  if (event.data === "version") event.ports[0]?.postMessage(VERSION);
  // Only the page says when: until then its old version goes on with the old worker.
  if (event.data === "take over") event.waitUntil(self.skipWaiting());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin || request.headers.has("Range")) return;
  if (request.mode === "navigate") {
    if (isPage(url.pathname)) event.respondWith(navigation(request));
  } else if (isAsset(url.pathname)) event.respondWith(asset(request));
  else if (keepable(url.pathname)) event.respondWith(seenFirstFromNetwork(event));
});

/** Downloads by link are navigations too, below `/api`. */
function isPage(path: string): boolean {
  return !/^\/(?:api|v1|assets|health|metrics|schema)(?:\/|$)/.test(path);
}
