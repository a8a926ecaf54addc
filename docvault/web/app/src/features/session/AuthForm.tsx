import { useMutation } from "@tanstack/react-query";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { body, open } from "@/shared/api/client";
import { asProblem, type Problem } from "@/shared/api/problem";
import { isInside, signedIn, useSession } from "@/shared/api/session";
import { useProblemText } from "@/shared/lib/problem-text";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { PasswordField } from "@/shared/ui/PasswordField";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { TextField } from "@/shared/ui/TextField";
import styles from "./AuthForm.module.css";

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
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const say = useProblemText();
  const enter = useEnter(kind);
  useGoOn(next);
  const problem = enter.error ? asProblem(enter.error) : null;
  const short = kind === "register" && password.length < minLength;
  const about = (codes: string[]) =>
    problem && codes.includes(problem.code) ? sentence(say(problem)) : undefined;
  const [tooShort, setTooShort] = useState(false);

  function send(event: FormEvent) {
    event.preventDefault();
    setTooShort(short);
    if (!short) enter.mutate({ email, password });
  }

  const inPlace = problem && [...ABOUT_EMAIL, ...ABOUT_PASSWORD].includes(problem.code);
  return (
    <form className={styles.form} onSubmit={send}>
      {problem && !inPlace && <EnterProblem problem={problem} />}
      <TextField
        label={t("email")}
        type="email"
        name="email"
        autoComplete="username"
        autoFocus
        required
        value={email}
        onChange={(event) => setEmail(event.target.value)}
        error={about(ABOUT_EMAIL)}
      />
      <PasswordField
        label={t("password")}
        autoComplete={kind === "register" ? "new-password" : "current-password"}
        value={password}
        onChange={setPassword}
        hint={kind === "register" && minLength ? t("passwordHint", { count: minLength }) : undefined}
        error={tooShort && short ? t("passwordShort", { count: minLength }) : about(ABOUT_PASSWORD)}
      />
      <Button type="submit" kind="primary" busy={enter.isPending}>
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
      body(open.POST(`/api/auth/${kind}`, { body: credentials })),
    meta: { quiet: true },
    onSuccess: signedIn,
  });
}

function EnterProblem({ problem }: { problem: Problem }) {
  const { t } = useTexts("session");
  if (problem.status !== 429 || problem.retryAfter === null) return <ProblemNote error={problem} />;
  return <ProblemNote error={withDetail(problem, t("wait", { count: problem.retryAfter }))} />;
}

function withDetail(problem: Problem, detail: string): Error {
  return Object.assign(Object.create(problem) as Problem, { detail, hint: null });
}

function sentence({ text, hint }: { text: string; hint: string | null }): string {
  return hint ? `${text} ${hint}` : text;
}
