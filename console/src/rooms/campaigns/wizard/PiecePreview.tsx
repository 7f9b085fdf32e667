import { Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { ContentCarrier } from "@/api/types";
import { PhoneFrame } from "@/rooms/content/PhoneFrame";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { usePiecePreview } from "./pieces";

const FIRST: ContentCarrier[] = ["wecom", "sms", "email"];

type Props = { pieceId: number; carriers: ContentCarrier[]; segment: number | undefined };

/** A piece on the phone of real customers, one after the other, carrier by carrier. */
export function PiecePreview({ pieceId, carriers, segment }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const shown = carriers.length ? carriers : FIRST;
  const [wanted, setWanted] = useState<ContentCarrier>();
  const carrier = wanted && shown.includes(wanted) ? wanted : (shown[0] as ContentCarrier);
  const [place, setPlace] = useState(0);
  const preview = usePiecePreview(pieceId, carrier, segment);
  return (
    <div className="piece-preview">
      <Segmented
        size="small"
        aria-label={t("campaigns.preview_on")}
        options={shown.map((one) => ({ value: one, label: t(`campaigns.carrier_${one}`) }))}
        value={carrier}
        onChange={setWanted}
      />
      <QueryView query={preview} lines={5} height={220}>
        {(data) => {
          const example = data.examples[place % Math.max(1, data.examples.length)];
          return (
            <>
              {example ? (
                <PhoneFrame carrier={carrier} kind={data.kind} body={example.parts} />
              ) : (
                <p className="muted small">{t("campaigns.preview_nobody")}</p>
              )}
              <p className="row small muted">
                {example && (
                  <span>{t("campaigns.preview_as", { name: example.name ?? `#${example.customer_id}` })}</span>
                )}
                {data.examples.length > 1 && (
                  <button type="button" className="plain link" onClick={() => setPlace(place + 1)}>
                    {t("campaigns.preview_next")}
                  </button>
                )}
                {data.lacking > 0 && (
                  <span className="loss">{t("campaigns.preview_lacking", { n: f.count(data.lacking) })}</span>
                )}
                <Link to={`/content/${pieceId}`}>{t("campaigns.open_piece")}</Link>
              </p>
            </>
          );
        }}
      </QueryView>
    </div>
  );
}
