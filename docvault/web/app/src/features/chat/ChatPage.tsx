import { useParams, useSearch } from "@tanstack/react-router";
import { chatPlace } from "@/shared/vault/place";
import { Chat } from "./Chat";
import { usePlaceOfNew } from "./live/store";

/** A conversation by its address, or the one that has none yet. */
export function ChatPage() {
  const { conversationId } = useParams({ strict: false });
  const asked = chatPlace(useSearch({ strict: false }) as Record<string, unknown>);
  const fresh = usePlaceOfNew();
  const place = conversationId ?? fresh;
  return <Chat key={place} place={place} asked={asked} />;
}
