import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";

/** The session ended while the page was open, here or in another tab. */
export function SignedOut() {
  const navigate = useNavigate();
  useEffect(() => {
    void navigate({ to: "/sign-in", search: { next: location.pathname + location.search }, replace: true });
  }, [navigate]);
  return null;
}
