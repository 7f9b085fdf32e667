import type { ConfigProviderProps } from "antd";
import en from "antd/locale/en_US";
import { useEffect, useState } from "react";

type Locale = ConfigProviderProps["locale"];
export const antdLocale: { en: Locale } = { en };

/** antd's own texts (date pickers, pop-ups) in the chosen language; Chinese comes as its own small chunk. */
export function useAntdLocale(language: string): Locale {
  const [zh, setZh] = useState<Locale>();
  useEffect(() => {
    if (language === "en") return;
    Promise.all([import("antd/locale/zh_CN"), import("dayjs"), import("dayjs/locale/zh-cn")]).then(([texts, dayjs]) => {
      dayjs.default.locale("zh-cn");
      setZh(texts.default);
    });
  }, [language]);
  return language === "en" ? en : zh;
}
