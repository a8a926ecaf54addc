/** What `POST /api/chat` is told. */
import type { Asking } from "./reducer";

export function requestOf(asking: Asking): object {
  const { question, models, filters, conversationId } = asking;
  // Of a conversation that nobody keeps, nothing can be replaced.
  const { replaces, regenerates } = conversationId ? asking : {};
  return {
    ...(regenerates ? {} : { question }),
    ...(models.length && { models }), // else the vault's own
    filters,
    ...(conversationId && { conversation_id: conversationId }),
    ...(replaces && { replaces }),
    ...(regenerates && { regenerates }),
  };
}
