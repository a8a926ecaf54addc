/** When sending is tried again, and why. */

/** Milliseconds before each try. */
export const RETRIES = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000];

/** `status` is 0 when nobody answered. */
export function worthAnother(status: number): boolean {
  if (status === 0) return navigator.onLine; // else the queue waits for the connection
  return status === 401 || status === 409 || status === 423 || status === 429 || status >= 500;
}

/** Whether the vault has no room: then no part of a request is worth another, nor what was to follow it. */
export function isFull(code: string): boolean {
  return code === "storage_quota_reached" || code === "too_many_documents";
}

/** Whether an answer is about what is in a request, so that a part of it may be taken. */
export function isAboutContent(status: number): boolean {
  return status >= 400 && status < 500 && ![401, 403, 404, 408, 429].includes(status);
}
