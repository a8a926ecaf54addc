/** Server-sent events over `fetch`, because `EventSource` can send neither a token nor a body. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import { authorized } from "./client";
import { asProblem, problemOf } from "./problem";

export type ServerEvent = { event: string; data: unknown };

/** Throws a `Problem` for an answer that is no stream, or one that breaks off. Ends with the stream or the signal. */
export async function* serverEvents(path: string, init: RequestInit = {}): AsyncGenerator<ServerEvent> {
  const headers = new Headers(init.headers);
  headers.set("Accept", "text/event-stream");
  const response = await authorized(path, { ...init, headers });
  if (!response.ok || !response.body) throw await problemOf(response);
  const reader = response.body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield { event: value.event ?? "message", data: JSON.parse(value.data) };
    }
  } catch (error) {
    if (init.signal?.aborted) return;
    throw asProblem(error);
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
