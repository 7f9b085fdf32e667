/** The cinnabar seal 私: the house mark, drawn so that no font is needed. */
export function Seal({ size = 34 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className="seal">
      <rect x="1" y="1" width="30" height="30" rx="6.5" fill="var(--seal)" />
      <rect
        x="3.2"
        y="3.2"
        width="25.6"
        height="25.6"
        rx="4.6"
        fill="none"
        stroke="#fffdf9"
        strokeOpacity=".45"
        strokeWidth=".8"
      />
      <g fill="none" stroke="#fffdf9" strokeWidth="2.1" strokeLinecap="round" strokeLinejoin="round">
        <path d="M14.800 7.300c-2 1-4.300 1.600-6.700 1.900" />
        <path d="M7.300 13h8.700" />
        <path d="M11.700 8.600v16" />
        <path d="M11.500 13.600c-1 3.300-2.500 5.700-4.300 7.500" />
        <path d="M12 14c1 1.500 2.100 2.700 3.500 3.600" />
        <path d="M20.600 8.600c-1 5.600-2.300 10.400-3.800 14.700l7.600-1.300" />
        <path d="M22.400 16.300c1.200 2.900 2.100 5.300 2.800 8.300" />
      </g>
    </svg>
  );
}
