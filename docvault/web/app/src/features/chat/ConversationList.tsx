/** Placed by the shell. */
export function ConversationList() {
  return null;
}
