interface SparklineProps {
  values: (number | null)[];
  width?: number;
  height?: number;
}

/** The shape of a figure over time, drawn without the chart library so that it is there at once. It repeats the main chart, so it is hidden from screen readers. */
export function Sparkline({ values, width = 96, height = 24 }: SparklineProps) {
  return (
    <svg
      aria-hidden="true"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      className="sparkline"
    >
      <path
        d={sparkPath(values, width, height)}
        fill="none"
        stroke="currentColor"
        strokeWidth={1.5}
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}

/** A gap in the values is a gap in the line. The floor is zero, as in the chart. */
export function sparkPath(values: (number | null)[], width: number, height: number): string {
  const known = values.filter((v): v is number => v !== null);
  const top = Math.max(0, ...known);
  const bottom = Math.min(0, ...known);
  const span = top - bottom || 1;
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  let pen = 'M';
  const parts: string[] = [];
  values.forEach((value, i) => {
    if (value === null) {
      pen = 'M';
      return;
    }
    const y = 1 + (height - 2) * (1 - (value - bottom) / span);
    parts.push(`${pen}${(i * step).toFixed(1)} ${y.toFixed(1)}`);
    pen = 'L';
  });
  return parts.join('');
}
