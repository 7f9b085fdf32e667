import { lazy, Suspense } from "react";
import type { ChartOption } from "./charts/EChart";

const EChart = lazy(() => import("./charts/EChart"));

type Props = {
  option: ChartOption;
  height?: number;
  label: string;
  onClick?: (event: { name?: string; dataIndex: number; seriesName?: string }) => void;
};

/** A chart; the library comes only when the first one is shown, and the height is kept meanwhile. */
export function Chart({ height = 260, ...rest }: Props) {
  return (
    <Suspense fallback={<div style={{ height }} />}>
      <EChart height={height} {...rest} />
    </Suspense>
  );
}
