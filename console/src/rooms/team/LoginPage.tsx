import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router";
import { api, must } from "@/api/client";
import { LookSwitches } from "@/shell/Header";
import { Seal } from "@/shell/Seal";
import { SESSION_KEY } from "@/shell/session";
import { Field } from "@/ui/Field";
import { ProblemView } from "@/ui/ProblemView";
import { safeNext } from "./next";

export function LoginPage() {
  const { t } = useTranslation();
  const [params] = useSearchParams();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  useEffect(() => {
    document.title = `${t("team.log_in")} · Siyu 私域`;
  }, [t]);
  const enter = useMutation({
    mutationFn: () => must(api.POST("/api/v1/session", { body: { login: login.trim(), password } })),
    onSuccess: (session) => {
      client.clear();
      client.setQueryData(SESSION_KEY, session);
      navigate(safeNext(params.get("next")), { replace: true });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (login && password) enter.mutate();
  };
  return (
    <div className="login">
      <div className="login-art" aria-hidden="true">
        <River />
      </div>
      <main className="login-side">
        <div className="login-look">
          <LookSwitches />
        </div>
        <form className="form login-form" onSubmit={submit}>
          <Seal size={52} />
          <div>
            <h1>Siyu 私域</h1>
            <p className="muted">{t("team.log_in_line")}</p>
          </div>
          {enter.error && <ProblemView error={enter.error} compact />}
          <Field label={t("team.login")}>
            <Input
              size="large"
              autoComplete="username"
              autoFocus
              value={login}
              onChange={(e) => setLogin(e.target.value)}
              required
            />
          </Field>
          <Field label={t("team.password")}>
            <Input.Password
              size="large"
              autoComplete="current-password"
              value={password}
              onChange={(e) => setPassword(e.target.value)}
              required
            />
          </Field>
          <Button
            type="primary"
            size="large"
            htmlType="submit"
            loading={enter.isPending}
            disabled={!login || !password}
          >
            {t("team.log_in")}
          </Button>
          <p className="muted small">{t("team.log_in_help")}</p>
        </form>
      </main>
    </div>
  );
}

/** The river of the house: many streams in, one pond, drawn as plain lines. */
function River() {
  const lines = Array.from({ length: 13 }, (_, i) => {
    const top = 40 + i * 62;
    return `M-20 ${top} C 160 ${top + 30}, 260 ${430 + (i - 6) * 9}, 430 ${430 + (i - 6) * 9} S 620 ${430 + (i - 6) * 22}, 760 ${430 + (i - 6) * 34}`;
  });
  return (
    <svg viewBox="0 0 720 860" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      {lines.map((line, i) => (
        <path
          key={line}
          d={line}
          fill="none"
          stroke={i === 4 ? "#d9644f" : "#8fc5ba"}
          strokeOpacity={i === 4 ? 0.9 : 0.16 + (i % 4) * 0.08}
          strokeWidth={i === 4 ? 2 : 1.2}
        />
      ))}
    </svg>
  );
}
