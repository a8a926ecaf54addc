import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { startAnew } from "../live/store";

export function useNewChat(): () => void {
  const navigate = useNavigate();
  return useCallback(() => {
    startAnew();
    void navigate({ to: "/chat", search: {} });
  }, [navigate]);
}
