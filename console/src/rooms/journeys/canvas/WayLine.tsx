import { BaseEdge, EdgeLabelRenderer, type EdgeProps, getSmoothStepPath } from "@xyflow/react";
import { memo } from "react";
import { useFormat } from "@/ui/useFormat";
import type { WayEdge } from "./cards";

/** A way from a step to the next, as wide as the people who took it are many. */
export const WayLine = memo(function WayLine(props: EdgeProps<WayEdge>) {
  const f = useFormat();
  const { sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, data, selected } = props;
  const [line, x, y] = getSmoothStepPath({
    sourceX,
    sourceY,
    targetX,
    targetY,
    sourcePosition,
    targetPosition,
    borderRadius: 10,
  });
  return (
    <>
      <BaseEdge
        id={props.id}
        path={line}
        interactionWidth={18}
        className={selected ? "jline on" : "jline"}
        style={{ strokeWidth: data?.width ?? 1.5 }}
      />
      {data?.passed !== null && data?.passed !== undefined && (
        <EdgeLabelRenderer>
          <span className="jline-count num" style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}>
            {f.short(data.passed)}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
});
