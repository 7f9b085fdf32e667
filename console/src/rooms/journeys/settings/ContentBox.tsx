import { CloseOutlined, PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { PercentBox } from "@/rooms/campaigns/wizard/PercentBox";
import type { Values } from "../model/definition";
import { PieceBox } from "./pickers";

type Said = { piece: number; version?: number | null };
type Props = {
  content: Record<string, Said>;
  split: Record<string, number>;
  onChange: (values: Values) => void;
  disabled: boolean;
};

const LETTERS = [..."abcdefgh"];

/** One piece, or several variants of which each person is told one. What is not chosen yet is not kept. */
export function ContentBox({ content, split, onChange, disabled }: Props) {
  const { t } = useTranslation();
  const names = Object.keys(content).length ? Object.keys(content) : ["a"];
  const put = (next: Record<string, Said>, shares: Record<string, number>) => {
    const kept = Object.keys(next);
    const own = Object.fromEntries(Object.entries(shares).filter(([name]) => kept.includes(name)));
    onChange({ content: next, split: kept.length > 1 && Object.keys(own).length === kept.length ? own : {} });
  };
  const choose = (name: string, piece: number | null) => {
    const { [name]: _old, ...rest } = content;
    put(piece ? { ...content, [name]: { piece } } : rest, split);
  };
  const free = LETTERS.find((name) => !names.includes(name));
  const even = 1 / names.length;
  return (
    <div className="jcontent">
      {names.map((name) => (
        <div key={name} className="jcontent-row">
          {names.length > 1 && <span className="variant-letter">{name.toUpperCase()}</span>}
          <PieceBox
            label={names.length > 1 ? t("journeys.variant_n", { name: name.toUpperCase() }) : t("journeys.set_piece")}
            value={content[name]?.piece}
            onChange={(piece) => choose(name, piece)}
            disabled={disabled}
          />
          {names.length > 1 && (
            <PercentBox
              label={t("journeys.variant_share", { name: name.toUpperCase() })}
              value={split[name] ?? even}
              onChange={(rate) =>
                put(content, {
                  ...Object.fromEntries(names.map((one) => [one, split[one] ?? even])),
                  [name]: rate ?? 0,
                })
              }
              disabled={disabled}
            />
          )}
          {names.length > 1 && !disabled && (
            <Button
              type="text"
              size="small"
              icon={<CloseOutlined />}
              aria-label={t("journeys.variant_remove", { name: name.toUpperCase() })}
              onClick={() => choose(name, null)}
            />
          )}
        </div>
      ))}
      {!disabled && free && Object.keys(content).length > 0 && (
        <Another name={free} onChoose={(piece) => choose(free, piece)} />
      )}
    </div>
  );
}

/** The next variant comes into being with its piece. */
function Another({ name, onChoose }: { name: string; onChoose: (piece: number | null) => void }) {
  const { t } = useTranslation();
  return (
    <details className="jcontent-more">
      <summary>
        <PlusOutlined /> {t("journeys.variant_add")}
      </summary>
      <PieceBox
        label={t("journeys.variant_n", { name: name.toUpperCase() })}
        value={undefined}
        onChange={onChoose}
        disabled={false}
      />
    </details>
  );
}
