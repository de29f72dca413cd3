import { type Hearing, lookInterval } from '~/domain/github/webhook-hearing'

/** What a background look at a repository reads: its runs, its default refs, or its variable DEPLOY_FREEZE. */
export type Look = 'runs' | 'refs' | 'freeze'

const MINUTE_MS = 60_000

/** The pause between looks while something happens, and while nothing does. */
const ASKING_MS: Readonly<Record<Look, { readonly busy: number; readonly quiet: number }>> = {
  runs: { busy: MINUTE_MS, quiet: 7.5 * MINUTE_MS },
  refs: { busy: 5 * MINUTE_MS, quiet: 20 * MINUTE_MS },
  freeze: { busy: 5 * MINUTE_MS, quiet: 20 * MINUTE_MS },
}
/** The pause grows with the time since the last change: a quarter of it. */
const SHARE_OF_QUIET = 0.25
/** The largest extension of a pause, so that looks spread out while nothing happens. */
const LATEST = 0.1

export interface Looked {
  readonly lookedAt: Date
  /** When a look last found something new; null when none did. */
  readonly changedAt: Date | null
}

/**
 * Whether a look is due. `hearing` is the state of the webhooks for the same subject: while webhooks arrive, an hourly look is
 * enough to check them.
 */
export function isLookDue(
  look: Look,
  looked: Looked | null,
  {
    hearing,
    isDeploying,
    now,
    late = 0,
  }: {
    readonly hearing: Hearing | null
    readonly isDeploying: boolean
    readonly now: Date
    /** From 0 to 1, different for each repository, so that later looks spread out. */
    readonly late?: number
  },
): boolean {
  if (looked === null) return true
  const { busy, quiet } = ASKING_MS[look]
  const { changedAt } = looked
  const quietMs = isDeploying ? 0 : changedAt === null ? Number.POSITIVE_INFINITY : now.getTime() - changedAt.getTime()
  const askingMs = Math.min(quiet, Math.max(busy, quietMs * SHARE_OF_QUIET))
  const pauseMs = lookInterval(hearing, now, askingMs)
  return now.getTime() - looked.lookedAt.getTime() >= pauseMs * (askingMs > busy ? 1 + late * LATEST : 1)
}
