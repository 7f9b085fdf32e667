// Values that travel as codes, in the reader's language. A code that is not known here is shown as it is.

import { useTranslation } from "react-i18next";

const CODED = new Set(["gender", "source"]);

export function useWords() {
  const { t } = useTranslation();
  return (field: string, value: string): string =>
    CODED.has(field) ? t(`customers.${field}_${value}`, { defaultValue: value, nsSeparator: false }) : value;
}
