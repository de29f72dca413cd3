import { Kbd } from '~/ui/primitives/kbd'

const HINTS = [
  { keys: ['/'], does: 'filter' },
  { keys: ['←', '↑', '↓', '→'], does: 'move between tiles' },
  { keys: ['d'], does: 'deploy' },
  { keys: ['Enter'], does: 'open' },
]

/** The keys, where they are needed; a touch screen has none. */
export function KeyHints() {
  return (
    <ul
      aria-label="Keyboard"
      className="mt-8 flex flex-wrap gap-x-5 gap-y-2 text-xs text-ink-faint pointer-coarse:hidden"
    >
      {HINTS.map(({ keys, does }) => (
        <li key={does} className="flex items-center gap-1">
          {keys.map((key) => (
            <Kbd key={key}>{key}</Kbd>
          ))}
          <span className="ml-1">{does}</span>
        </li>
      ))}
    </ul>
  )
}
