import 'server-only'
import { setTimeout as pause } from 'node:timers/promises'
import type { Deps } from '~/server/deps'
import { probeSurface } from '~/server/surfaces/probe/probe-surface'
import { claimDueProbes, type Lane, releaseProbe } from '~/server/surfaces/probe/surface-probes.sql'
import type { SurfaceRow } from '~/server/surfaces/surfaces'

/** How long a surface that is due waits at most for somebody to see that. */
const TICK_MS = 500
/** Places in a lane: many surfaces must not hold up who is waiting for an answer. */
const PLACES: Readonly<Record<Lane, number>> = { deploying: 32, quiet: 16 }
const LANES = ['deploying', 'quiet'] as const satisfies readonly Lane[]
/** After which a surface that has not answered leaves its place to another; its answer is still waited for. */
const YIELD_MS = 1_000
/** Questions under way in one process, those that left their places too. */
const UNDER_WAY = 256

export interface Prober {
  /** Claims what is due, as far as there are places, and asks it. The number of surfaces that were claimed. */
  readonly askDue: () => Promise<number>
  /** Settles when a place becomes free. */
  readonly placeFreed: () => Promise<void>
  /** Settles when nothing is under way. */
  readonly idle: () => Promise<void>
}

/** Asks surfaces how they are. One that fails never stops the others. */
export function createProber(deps: Deps): Prober {
  const taken: Record<Lane, number> = { deploying: 0, quiet: 0 }
  const underWay = new Set<Promise<void>>()
  let waiting: (() => void)[] = []

  async function ask(surface: SurfaceRow, lane: Lane): Promise<void> {
    taken[lane] += 1
    let hasPlace = true
    const leavePlace = () => {
      if (!hasPlace) return
      hasPlace = false
      taken[lane] -= 1
      for (const resume of waiting) resume()
      waiting = []
    }
    void deps.pause(YIELD_MS).then(leavePlace)
    try {
      const { answered } = await probeSurface(deps, surface)
      await releaseProbe(deps.db, surface.id, { lane, answered })
    } catch (err) {
      deps.logger.warn({ surface: surface.id, err }, 'a surface could not be probed')
    } finally {
      leavePlace()
    }
  }

  async function askDue(): Promise<number> {
    let count = 0
    for (const lane of LANES) {
      const places = Math.min(PLACES[lane] - taken[lane], UNDER_WAY - underWay.size)
      if (places <= 0) continue
      for (const surface of await claimDueProbes(deps.db, lane, places, deps.now())) {
        const asked: Promise<void> = ask(surface, lane).finally(() => underWay.delete(asked))
        underWay.add(asked)
        count += 1
      }
    }
    return count
  }

  return {
    askDue,
    placeFreed: () => new Promise((resolve) => waiting.push(resolve)),
    idle: async () => void (await Promise.all(underWay)),
  }
}

/** Asks what is due until the signal aborts, then lets what is under way end. */
export async function runProber(deps: Deps, signal: AbortSignal): Promise<void> {
  const prober = createProber(deps)
  while (!signal.aborted) {
    const claimed = await prober.askDue().catch((err: unknown) => {
      deps.logger.warn({ err }, 'the surfaces that are due are not known now')
      return 0
    })
    // Where something was claimed more may be due: that need not wait for the next tick.
    const waited = new AbortController()
    const tick = pause(TICK_MS, undefined, { signal: AbortSignal.any([signal, waited.signal]) }).catch(() => undefined)
    await (claimed > 0 ? Promise.race([tick, prober.placeFreed()]) : tick)
    waited.abort()
  }
  await prober.idle()
}
