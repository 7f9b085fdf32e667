import { useTranslation } from "react-i18next";
import type { Tone } from "@/ui/Chip";
import type { CodeState, Coupon, CouponStatus } from "./queries";

export const STATUS_TONE: Record<CouponStatus, Tone> = { draft: "plain", live: "pine", stopped: "ochre" };
export const CODE_TONE: Record<CodeState, Tone> = {
  issued: "indigo",
  redeemed: "pine",
  expired: "plain",
  void: "plain",
};

/** From when until when the codes of a coupon hold, in words. */
export function Spell({ coupon }: { coupon: Coupon }) {
  const { t } = useTranslation();
  if (coupon.days != null) return <>{t("loyalty.days_after", { n: coupon.days })}</>;
  return (
    <span className="num">
      {coupon.from_on} – {coupon.until_on}
    </span>
  );
}
