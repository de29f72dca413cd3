import 'server-only'
import { setTimeout as pause } from 'node:timers/promises'
import type { Deps } from '~/server/deps'
import { probeSurface } from '~/server/surfaces/probe/probe-surface'
import { claimDueProbes, type Lane, releaseProbe } from '~/server/surfaces/probe/surface-probes.sql'
import type { SurfaceRow } from '~/server/surfaces/surfaces'

/** The longest time between becoming due and being claimed. */
const TICK_MS = 500
/** Concurrent probes per lane, so that many quiet surfaces do not delay the surfaces that are being deployed. */
const PLACES: Readonly<Record<Lane, number>> = { deploying: 32, quiet: 16 }
const LANES = ['deploying', 'quiet'] as const satisfies readonly Lane[]
/** A slow probe frees its place after this time, and goes on. */
const YIELD_MS = 1_000
/** The most probes in progress in one process, with those that have freed their places. */
const IN_PROGRESS_AT_MOST = 256

export interface Prober {
  /** Claims due surfaces while places are free and starts their probes. Returns the number of claimed surfaces. */
  readonly probeDue: () => Promise<number>
  /** Settles when a place becomes free. */
  readonly placeFreed: () => Promise<void>
  /** Settles when no probe is in progress. */
  readonly idle: () => Promise<void>
}

/** Probes surfaces. A failing probe does not affect the others. */
export function createProber(deps: Deps): Prober {
  const occupied: Record<Lane, number> = { deploying: 0, quiet: 0 }
  const inProgress = new Set<Promise<void>>()
  let waiting: (() => void)[] = []

  async function probe(surface: SurfaceRow, lane: Lane): Promise<void> {
    occupied[lane] += 1
    let hasPlace = true
    const leavePlace = () => {
      if (!hasPlace) return
      hasPlace = false
      occupied[lane] -= 1
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

  async function probeDue(): Promise<number> {
    let count = 0
    for (const lane of LANES) {
      const places = Math.min(PLACES[lane] - occupied[lane], IN_PROGRESS_AT_MOST - inProgress.size)
      if (places <= 0) continue
      for (const surface of await claimDueProbes(deps.db, lane, places, deps.now())) {
        const started: Promise<void> = probe(surface, lane).finally(() => inProgress.delete(started))
        inProgress.add(started)
        count += 1
      }
    }
    return count
  }

  return {
    probeDue,
    placeFreed: () => new Promise((resolve) => waiting.push(resolve)),
    idle: async () => void (await Promise.all(inProgress)),
  }
}

/** Probes due surfaces until the signal aborts, then waits for the probes in progress. */
export async function runProber(deps: Deps, signal: AbortSignal): Promise<void> {
  const prober = createProber(deps)
  while (!signal.aborted) {
    const claimed = await prober.probeDue().catch((err: unknown) => {
      deps.logger.warn({ err }, 'due surfaces could not be claimed; the prober tries again')
      return 0
    })
    // More surfaces may be due after a claim, so the next claim waits only for a free place.
    const waited = new AbortController()
    const tick = pause(TICK_MS, undefined, { signal: AbortSignal.any([signal, waited.signal]) }).catch(() => undefined)
    await (claimed > 0 ? Promise.race([tick, prober.placeFreed()]) : tick)
    waited.abort()
  }
  await prober.idle()
}
