/** Keys of what TanStack Query keeps, in one place so that events and mutations find it. */
export const keys = {
  about: ["about"] as const,
  me: ["me"] as const,
  documents: ["documents"] as const,
  documentLists: ["documents", "list"] as const,
  documentList: (filter: object) => ["documents", "list", filter] as const,
  document: (id: string) => ["documents", "one", id] as const,
  documentText: (id: string, first: number, last: number) => ["documents", "text", id, first, last] as const,
  folders: ["folders"] as const,
  tags: ["tags"] as const,
  totals: ["totals"] as const,
  usage: ["usage"] as const,
  models: ["models"] as const,
  search: (request: object) => ["search", request] as const,
  conversations: ["conversations"] as const,
  conversationList: (q: string) => ["conversations", "list", q] as const,
  conversation: (id: string) => ["conversations", "one", id] as const,
};
