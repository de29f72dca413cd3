import { setTimeout as delay } from 'node:timers/promises'
import type { SurfaceDeclaration } from '~/sandbox/state/config'
import type { JsonDocument } from '~/sandbox/state/json-document'
import { type Behaviour, timingOf } from '~/sandbox/surfaces/behaviour'
import { type SurfaceInstance, startInstance } from '~/sandbox/surfaces/surface-instance'
import type { Release, SurfaceState } from '~/sandbox/surfaces/surface-state'

/** The platform one surface runs on: boots versions and routes to the one in service. */
export interface SurfacePlatform {
  readonly surface: SurfaceDeclaration
  readonly behaviour: () => Behaviour
  readonly setBehaviour: (behaviour: Behaviour) => void
  readonly inService: () => SurfaceInstance | undefined
  readonly isDeploying: () => boolean
  /** Answers at once; the new version replaces the old one when it is up. A later deploy overtakes one still booting. */
  readonly deploy: (version: string, ref: string) => void
  readonly smoke: () => Promise<'ready' | 'refused'>
  readonly close: () => Promise<void>
}

export const openPlatform = async (
  surface: SurfaceDeclaration,
  state: JsonDocument<SurfaceState>,
): Promise<SurfacePlatform> => {
  let inService: SurfaceInstance | undefined = await startInstance({
    surface,
    release: state.read().release,
    warmUpMs: 0,
  })
  const closed = new AbortController()
  const booting = new Set<AbortController>()
  const overtake = (): void => {
    for (const older of booting) older.abort()
  }

  const behaviour = (): Behaviour => state.read().behaviour

  const boot = async (release: Release, { signal }: AbortController): Promise<void> => {
    const { bootMs, warmUpMs } = timingOf(behaviour())
    await delay(bootMs, undefined, { signal })
    const next = await startInstance({ surface, release, warmUpMs })
    if (signal.aborted) return next.stop()
    const previous = inService
    inService = next
    state.write({ ...state.read(), release })
    await previous?.stop()
  }

  const deploy = async (version: string, ref: string): Promise<void> => {
    overtake()
    const mine = new AbortController()
    booting.add(mine)
    const deployedAt = new Date().toISOString()
    try {
      await boot({ version, ref, deployedAt, healthy: behaviour() !== 'unhealthy' }, mine)
    } catch (error) {
      if (!mine.signal.aborted) process.stderr.write(`${surface.id}: the new version did not start: ${String(error)}\n`)
    } finally {
      booting.delete(mine)
    }
  }

  return {
    surface,
    behaviour,
    setBehaviour: (wanted) => state.write({ ...state.read(), behaviour: wanted }),
    inService: () => inService,
    isDeploying: () => booting.size > 0,
    deploy: (version, ref) => void deploy(version, ref),
    smoke: async () => {
      const now = behaviour()
      await delay(timingOf(now).smokeMs, undefined, { signal: closed.signal }).catch(() => undefined)
      return now === 'fail-smoke' ? 'refused' : 'ready'
    },
    close: async () => {
      closed.abort()
      overtake()
      const last = inService
      inService = undefined
      await last?.stop()
    },
  }
}
