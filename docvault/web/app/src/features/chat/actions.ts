/** What can be done in a conversation, for everything that is shown of it. */
import { createContext, useContext } from "react";
import type { Turn } from "./types";

export type ChatActions = {
  /** Something is being written: nothing else is asked meanwhile. */
  busy: boolean;
  regenerate: (turn: Turn, model: string) => void;
  /** The question in other words, in the place of the one that stands. */
  edit: (turn: Turn, question: string) => void;
  /** What was refused, once more. */
  retry: (turn: Turn) => void;
  maxChars: number;
};

const Actions = createContext<ChatActions | null>(null);
export const ActionsProvider = Actions.Provider;

export function useActions(): ChatActions {
  const actions = useContext(Actions);
  if (!actions) throw new Error("There is no conversation around.");
  return actions;
}
