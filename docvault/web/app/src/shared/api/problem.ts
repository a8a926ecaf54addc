/** An answer that is no success, as RFC 9457 problem details; or no answer at all (`offline`). */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly hint: string | null = null,
    readonly retryAfter: number | null = null,
  ) {
    super(detail);
  }
}

export const OFFLINE = "offline";

export function offline(): Problem {
  return new Problem(
    0,
    OFFLINE,
    "DocVault cannot be reached.",
    "Check the connection; this page tries again.",
  );
}

/** What a response that is no success says. Proxies answer in HTML: then the status has to do. */
export async function problemOf(response: Response): Promise<Problem> {
  let said: Record<string, unknown> = {};
  try {
    said = (await response.json()) as Record<string, unknown>;
  } catch {
    // the status says all there is
  }
  const text = (key: string) => (typeof said[key] === "string" ? (said[key] as string) : null);
  const after = Number(response.headers.get("Retry-After"));
  return new Problem(
    response.status,
    text("code") ?? `http_${response.status}`,
    text("detail") ?? `The server answered ${response.status}.`,
    text("hint"),
    Number.isFinite(after) && after > 0 ? after : null,
  );
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError) return offline(); // what fetch throws when nobody answers
  return new Problem(0, "unexpected", error instanceof Error ? error.message : String(error));
}
