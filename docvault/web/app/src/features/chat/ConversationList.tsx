import { History } from "./history/History";

/** Placed by the shell. */
export function ConversationList() {
  return <History />;
}
