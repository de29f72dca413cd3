import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { Commit } from '~/sandbox/git/commits'
import type { SurfaceDeclaration } from '~/sandbox/state/config'
import { type JsonDocument, jsonDocument } from '~/sandbox/state/json-document'
import { type Behaviour, behaviourSchema, HEALTHY_MS, timingOf } from '~/sandbox/surfaces/behaviour'
import { type SurfaceInstance, startInstance } from '~/sandbox/surfaces/surface-instance'

const releaseSchema = z.object({
  version: z.string().regex(/^[0-9a-f]{40}$/),
  ref: z.string(),
  deployedAt: z.string(),
  /** An unhealthy version stays unhealthy until another one replaces it. */
  healthy: z.boolean(),
  /** When it turns unhealthy; left out: never. */
  unhealthyFrom: z.string().optional(),
})

/** One version of a surface in service. */
export type Release = z.infer<typeof releaseSchema>

const stateSchema = z.object({ behaviour: behaviourSchema, release: releaseSchema })
type SurfaceState = z.infer<typeof stateSchema>

const openSurfaceState = (dir: string, id: string, initial: () => Release): JsonDocument<SurfaceState> =>
  jsonDocument(path.join(dir, `${id}.json`), stateSchema, () => ({ behaviour: 'normal', release: initial() }))

/** The platform of one surface. It boots versions and routes requests to the one in service. */
export interface SurfacePlatform {
  readonly surface: SurfaceDeclaration
  readonly behaviour: () => Behaviour
  readonly setBehaviour: (behaviour: Behaviour) => void
  readonly inService: () => SurfaceInstance | undefined
  readonly isDeploying: () => boolean
  /** Returns at once. The new version replaces the old one when it is up. A later deploy ends a boot in progress. */
  readonly deploy: (version: string, ref: string) => void
  readonly smoke: () => Promise<'ready' | 'refused'>
  readonly close: () => Promise<void>
}

const openPlatform = async (
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
    const unhealthyFrom =
      behaviour() === 'turn-unhealthy' ? { unhealthyFrom: new Date(Date.now() + HEALTHY_MS).toISOString() } : {}
    try {
      await boot({ version, ref, deployedAt, healthy: behaviour() !== 'unhealthy', ...unhealthyFrom }, mine)
      // So that the version to which somebody returns is healthy.
      if (behaviour() === 'turn-unhealthy') state.write({ ...state.read(), behaviour: 'normal' })
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

/** How many commits each surface starts behind the default branch, in the order of their declaration. */
const BEHIND = [3, 1, 6, 2, 9, 0] as const

const HOUR = 3_600_000

const firstRelease = (history: readonly Commit[], index: number, ref: string): Release => {
  const behind = BEHIND[index % BEHIND.length] ?? 0
  const commit = history[Math.min(behind, history.length - 1)]
  if (!commit) throw new Error('The sandbox repository has no commits to run a surface from')
  const deployedAt = new Date(Math.min(Date.parse(commit.committer.date) + HOUR, Date.now())).toISOString()
  return { version: commit.sha, ref, deployedAt, healthy: true }
}

interface SurfacesOptions {
  readonly dir: string
  readonly declared: readonly SurfaceDeclaration[]
  /** The default branch of the surface's repository, newest first. The versions of the first start come from it. */
  readonly historyOf: (surface: SurfaceDeclaration) => readonly Commit[]
}

/** Starts every declared surface with its last version. */
export const openSurfaces = async (options: SurfacesOptions): Promise<ReadonlyMap<string, SurfacePlatform>> => {
  const platforms = await Promise.all(
    options.declared.map((surface, index) => {
      const dir = path.join(options.dir, 'surfaces')
      const state = openSurfaceState(dir, surface.id, () =>
        firstRelease(options.historyOf(surface), index, surface.ref),
      )
      // Saved at once, because the default branch moves on and the first version must not.
      state.write(state.read())
      return openPlatform(surface, state)
    }),
  )
  return new Map(platforms.map((platform) => [platform.surface.id, platform]))
}
