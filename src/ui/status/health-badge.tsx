import { CircleCheck, CircleDashed, TriangleAlert, Unplug } from 'lucide-react'
import { inSentence } from '~/domain/foreign-text'
import type { HealthState, SurfaceTile } from '~/domain/surface/tile'
import { exactUtc } from '~/ui/time/relative-time'
import { TimeAgo } from '~/ui/time/time-ago'

const HEALTH = {
  healthy: { word: 'Healthy', Icon: CircleCheck, tone: 'text-good' },
  unhealthy: { word: 'Unhealthy', Icon: TriangleAlert, tone: 'text-bad' },
  unreachable: { word: 'Unreachable', Icon: Unplug, tone: 'text-bad' },
  unknown: { word: 'Not checked', Icon: CircleDashed, tone: 'text-ink-faint' },
} as const satisfies Record<HealthState, unknown>

export function isWrong(tile: SurfaceTile): boolean {
  return tile.health.state === 'unhealthy' || tile.health.state === 'unreachable'
}

export function healthWord(state: HealthState): string {
  return HEALTH[state].word
}

function healthTitle({ detail, checkedAt }: SurfaceTile['health']): string | undefined {
  const seen = checkedAt === null ? [] : [`checked ${exactUtc(checkedAt)}`]
  return [...(detail === null ? [] : [inSentence(detail)]), ...seen].join(', ') || undefined
}

/** The prober's last result, as a word and a shape, and its time. */
export function HealthBadge({ health }: { readonly health: SurfaceTile['health'] }) {
  const { word, Icon, tone } = HEALTH[health.state]
  return (
    <span className="inline-flex shrink-0 items-center gap-1.5 text-sm" title={healthTitle(health)}>
      <Icon aria-hidden="true" className={`size-4 shrink-0 ${tone}`} />
      <span className={`font-medium ${health.state === 'unknown' ? 'text-ink-soft' : tone}`}>{word}</span>
      {health.checkedAt !== null && (
        <span className="text-xs text-ink-faint">
          <TimeAgo at={health.checkedAt} />
        </span>
      )}
    </span>
  )
}
