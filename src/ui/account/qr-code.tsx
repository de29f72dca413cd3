import { encode } from 'uqr'

/** Drawn here, by shapes of the page: nothing is asked of another site, and the policy allows no picture of one. */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const { data, size } = encode(text, { ecc: 'M', border: 3 })
  const dark = data.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x} ${y}h1v1h-1z`] : [])))
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      className="size-44 rounded-[5px] border border-line bg-white"
    >
      <path d={dark.join('')} fill="#000" />
    </svg>
  )
}
