import { setTimeout as delay } from 'node:timers/promises'
import type { SurfaceDeclaration } from '~/sandbox/config'
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
  const closed = new AbortController()
  let inService: SurfaceInstance | undefined = await startInstance({
    surface,
    release: state.read().release,
    warmUpMs: 0,
  })
  let latest = 0
  let booting = 0

  const behaviour = (): Behaviour => state.read().behaviour

  const boot = async (release: Release, order: number): Promise<void> => {
    const { bootMs, warmUpMs } = timingOf(behaviour())
    await delay(bootMs, undefined, { signal: closed.signal })
    if (order !== latest) return
    const next = await startInstance({ surface, release, warmUpMs })
    if (closed.signal.aborted || order !== latest) return next.stop()
    const previous = inService
    inService = next
    state.write({ ...state.read(), release })
    await previous?.stop()
  }

  return {
    surface,
    behaviour,
    setBehaviour: (wanted) => state.write({ ...state.read(), behaviour: wanted }),
    inService: () => inService,
    isDeploying: () => booting > 0,
    deploy: (version, ref) => {
      latest += 1
      booting += 1
      const deployedAt = new Date().toISOString()
      boot({ version, ref, deployedAt, healthy: behaviour() !== 'unhealthy' }, latest)
        .catch((error: unknown) => {
          if (!closed.signal.aborted)
            process.stderr.write(`${surface.id}: the new version did not start: ${String(error)}\n`)
        })
        .finally(() => {
          booting -= 1
        })
    },
    smoke: async () => {
      const now = behaviour()
      await delay(timingOf(now).smokeMs, undefined, { signal: closed.signal }).catch(() => undefined)
      return now === 'fail-smoke' ? 'refused' : 'ready'
    },
    close: async () => {
      closed.abort()
      const last = inService
      inService = undefined
      await last?.stop()
    },
  }
}
