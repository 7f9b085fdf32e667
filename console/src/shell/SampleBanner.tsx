import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useBrand, useMay } from "./session";

/** Says plainly that these figures are not the brand's own, and how to make them so. */
export function SampleBanner() {
  const brand = useBrand();
  const may = useMay();
  const { t } = useTranslation();
  if (!brand.is_sample) return null;
  return (
    <div className="sample" role="note">
      <span className="sample-mark">{t("shell.sample")}</span>
      <span className="sample-text">{t("shell.sample_text")}</span>
      {may("imports.write") && <Link to="/imports">{t("shell.sample_import")} →</Link>}
    </div>
  );
}
