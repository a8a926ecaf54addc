/** Registers the service worker, and says so when a newer version of the page is ready. */
import i18next from "i18next";
import { toast } from "@/shared/ui/toast";

const ASK_EVERY = 60 * 60_000; // milliseconds; a page may stay open for weeks
let reloading = false;
let said = false;

/** After the page has come to rest: what it keeps for later must not delay what is wanted now. */
export function keepPageForLater(): void {
  if (!("serviceWorker" in navigator)) return; // plain http on another host than this machine
  if (document.readyState === "complete") void register();
  else window.addEventListener("load", () => void register(), { once: true });
}

async function register(): Promise<void> {
  const workers = navigator.serviceWorker;
  workers.addEventListener("controllerchange", () => void changed(workers.controller));
  try {
    const registration = await workers.register("/sw.js");
    watch(registration);
    setInterval(() => registration.update().catch(() => undefined), ASK_EVERY);
  } catch {
    // The page works without.
  }
}

function watch(registration: ServiceWorkerRegistration): void {
  if (registration.waiting) void ready(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const coming = registration.installing;
    coming?.addEventListener("statechange", () => {
      if (coming.state === "installed" && registration.waiting) void ready(registration.waiting);
    });
  });
}

/** A worker of this very page's version may take over; that of a newer page waits for the person. */
async function ready(worker: ServiceWorker): Promise<void> {
  if ((await versionOf(worker)) === ownVersion()) worker.postMessage("take over");
  else offer(() => worker.postMessage("take over"));
}

/** Another tab may have let it take over. This one goes on as it was until it is reloaded. */
async function changed(worker: ServiceWorker | null): Promise<void> {
  if (reloading) location.reload();
  else if (worker && (await versionOf(worker)) !== ownVersion()) offer(() => location.reload());
}

function offer(take: () => void): void {
  if (said) return;
  said = true;
  const run = () => {
    reloading = true;
    take();
  };
  const action = { label: i18next.t("action.reload"), run };
  toast({ text: i18next.t("updated"), stays: Infinity, action, forAll: true });
}

function ownVersion(): string | undefined {
  return document.documentElement.dataset.version;
}

function versionOf(worker: ServiceWorker): Promise<string> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (event: MessageEvent<string>) => resolve(event.data);
    worker.postMessage("version", [port2]);
  });
}
