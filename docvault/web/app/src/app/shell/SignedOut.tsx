import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useSession } from "@/shared/api/session";

/** The session ended while the page was open, here or in another tab. */
export function SignedOut() {
  const navigate = useNavigate();
  const session = useSession();
  const left = session.status === "out" && session.left; // the next person begins at the beginning
  useEffect(() => {
    const search = left ? {} : { next: location.pathname + location.search };
    void navigate({ to: "/sign-in", search, replace: true });
  }, [navigate, left]);
  return null;
}
