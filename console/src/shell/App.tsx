import { QueryClientProvider } from "@tanstack/react-query";
import { App as AntdApp, ConfigProvider } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { RouterProvider } from "react-router";
import { antdLocale, useAntdLocale } from "./antdLocale";
import { antdTheme } from "./antdTheme";
import { queryClient } from "./queryClient";
import { router } from "./routes";
import { useTheme } from "./theme";

const STILL = "(prefers-reduced-motion: reduce)";

export function App() {
  const theme = useTheme();
  const { i18n } = useTranslation();
  const locale = useAntdLocale(i18n.language);
  const config = useMemo(() => antdTheme(theme, window.matchMedia(STILL).matches), [theme]);
  return (
    <ConfigProvider
      theme={config}
      locale={locale ?? antdLocale.en}
      button={{ autoInsertSpace: false }}
      wave={{ disabled: true }}
    >
      <QueryClientProvider client={queryClient}>
        <AntdApp component={false}>
          <RouterProvider router={router} />
        </AntdApp>
      </QueryClientProvider>
    </ConfigProvider>
  );
}
