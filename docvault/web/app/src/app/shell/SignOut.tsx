import { lazy, Suspense, useEffect, useState } from "react";
import { signOut } from "@/shared/api/session";
import { unsent } from "@/shared/lib/unsent";
import { fulfil } from "@/shared/vault/intents";

const SignOutDialog = lazy(() => import("./SignOutDialog"));

/** Signs out, when nothing is lost by it; asks first while files are being sent. */
export function SignOut() {
  const [asked, setAsked] = useState(false);
  useEffect(() => fulfil("signOut", () => (unsent() > 0 ? setAsked(true) : void signOut())), []);
  if (!asked) return null;
  return (
    <Suspense>
      <SignOutDialog onClose={() => setAsked(false)} />
    </Suspense>
  );
}
