/** The browser's caches of what a person has seen, as the page and its service worker call them. */
export const SEEN_PREFIX = "docvault-seen-";
/** Holds one entry, `PERSON_KEY`: the id of the person whose answers may be kept. */
export const PERSON_CACHE = "docvault-person";
export const PERSON_KEY = "/person";
/** Of an answer that was kept: its size. None that comes from the server has it. */
export const SEEN_BYTES = "X-Seen-Bytes";
