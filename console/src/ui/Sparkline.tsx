type Props = { values: (number | null)[]; width?: number; height?: number; tone?: "pine" | "cinnabar" | "muted" };

/** Ten lines of SVG: no chart library on the first paint. Decorative; the figure stands next to it. */
export function Sparkline({ values, width = 96, height = 28, tone = "pine" }: Props) {
  const known = values.filter((value): value is number => value != null);
  if (known.length < 2) return <svg width={width} height={height} aria-hidden="true" />;
  const low = Math.min(...known);
  const span = Math.max(...known) - low || 1;
  const x = (index: number) => 2 + (index / (values.length - 1)) * (width - 6);
  const y = (value: number) => height - 4 - ((value - low) / span) * (height - 8);
  const points = values.flatMap((value, index) => (value == null ? [] : [[x(index), y(value)] as const]));
  const line = points.map(([px, py], index) => `${index ? "L" : "M"}${px.toFixed(1)} ${py.toFixed(1)}`).join("");
  const [lastX, lastY] = points[points.length - 1]!;
  const color = `var(--${tone})`;
  return (
    <svg
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      className="spark"
    >
      <path d={`${line}L${lastX} ${height}L${points[0]![0]} ${height}Z`} fill={color} opacity=".08" />
      <path d={line} fill="none" stroke={color} strokeWidth="1.5" strokeLinejoin="round" />
      <circle cx={lastX} cy={lastY} r="2.2" fill={color} />
    </svg>
  );
}
