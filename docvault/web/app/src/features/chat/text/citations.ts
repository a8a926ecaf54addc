import { createContext, useContext } from "react";
import type { Citation } from "../types";

/** The citations of the answer around. New ones draw the chips again, and nothing else. */
export const CitationsContext = createContext<Citation[]>([]);

export function useCitations(): Citation[] {
  return useContext(CitationsContext);
}
