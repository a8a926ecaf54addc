import { useMutation } from "@tanstack/react-query";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { body, open } from "@/shared/api/client";
import { asProblem, Problem } from "@/shared/api/problem";
import { enterBy, isInside, useSession } from "@/shared/api/session";
import { clock } from "@/shared/lib/format";
import { useProblemText } from "@/shared/lib/problem-text";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { PasswordField } from "@/shared/ui/PasswordField";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { TextField } from "@/shared/ui/TextField";
import styles from "./AuthForm.module.css";
import { useSecondsLeft } from "./throttle";

type Props = {
  /** A new account's password has a shortest length; a known one's is what it is. */
  kind: "login" | "register";
  submit: string;
  next?: string | undefined;
  minLength?: number;
};

const ABOUT_EMAIL = ["invalid_email", "email_taken"];
const ABOUT_PASSWORD = ["invalid_password"];

export function AuthForm({ kind, submit, next, minLength = 0 }: Props) {
  const { t } = useTexts("session");
  const session = useSession();
  const known = session.status === "out" && kind === "login" ? session.ended : undefined;
  const [email, setEmail] = useState(known ?? "");
  const [password, setPassword] = useState("");
  const say = useProblemText();
  const enter = useEnter(kind);
  useGoOn(next);
  const problem = enter.error ? asProblem(enter.error) : null;
  const left = useSecondsLeft(enter.error as Problem | null);
  const mustWait = left > 0 && enter.variables?.email === email; // another address has tries of its own
  const short = kind === "register" && password.length < minLength;
  const about = (codes: string[]) =>
    problem && codes.includes(problem.code) ? sentence(say(problem)) : undefined;
  const [tooShort, setTooShort] = useState(false);

  function send(event: FormEvent) {
    event.preventDefault();
    setTooShort(short);
    if (!short && !mustWait) enter.mutate({ email, password });
  }

  const inPlace = problem && [...ABOUT_EMAIL, ...ABOUT_PASSWORD].includes(problem.code);
  return (
    <form className={styles.form} onSubmit={send}>
      {problem && !inPlace && <EnterProblem problem={problem} left={left} />}
      <TextField
        label={t("email")}
        type="email"
        name="email"
        autoComplete="username"
        autoFocus={!known}
        required
        value={email}
        onChange={(event) => setEmail(event.target.value)}
        error={about(ABOUT_EMAIL)}
      />
      <PasswordField
        label={t("password")}
        autoComplete={kind === "register" ? "new-password" : "current-password"}
        autoFocus={Boolean(known)}
        value={password}
        onChange={setPassword}
        hint={kind === "register" && minLength ? t("passwordHint", { count: minLength }) : undefined}
        error={tooShort && short ? t("passwordShort", { count: minLength }) : about(ABOUT_PASSWORD)}
      />
      <Button type="submit" kind="primary" busy={enter.isPending} disabled={mustWait}>
        {submit}
      </Button>
    </form>
  );
}

/** Who came in, here or in another tab, goes on to where they wanted. */
function useGoOn(next?: string): void {
  const router = useRouter();
  const navigate = useNavigate();
  const isIn = useSession().status === "in";
  useEffect(() => void isInside().catch(() => false), []); // a cookie may know them
  useEffect(() => {
    if (!isIn) return;
    if (next) router.history.replace(next);
    else void navigate({ to: "/library", search: {}, replace: true });
  }, [isIn, next, router, navigate]);
}

function useEnter(kind: Props["kind"]) {
  return useMutation({
    mutationFn: (credentials: { email: string; password: string }) =>
      enterBy(() => body(open.POST(`/api/auth/${kind}`, { body: credentials }))),
    meta: { quiet: true },
  });
}

/** How long to wait is said while it is to be waited, and then nothing is in the way any more. */
function EnterProblem({ problem, left }: { problem: Problem; left: number }) {
  const { t } = useTexts("session");
  if (problem.status !== 429 || problem.retryAfter === null) return <ProblemNote error={problem} />;
  if (left === 0) return null;
  return <ProblemNote error={new Problem(429, "wait", t("wait", { time: clock(left) }))} />;
}

function sentence({ text, hint }: { text: string; hint: string | null }): string {
  return hint ? `${text} ${hint}` : text;
}
