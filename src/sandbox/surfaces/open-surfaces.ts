import path from 'node:path'
import type { Commit } from '~/sandbox/git/commits'
import type { SurfaceDeclaration } from '~/sandbox/state/config'
import { openPlatform, type SurfacePlatform } from '~/sandbox/surfaces/surface-platform'
import { openSurfaceState, type Release } from '~/sandbox/surfaces/surface-state'

/** How many commits behind the default branch each surface starts, in the order they are declared: one is up to date. */
const BEHIND = [3, 1, 6, 2, 9, 0] as const

const HOUR = 3_600_000

const firstRelease = (history: readonly Commit[], index: number, ref: string): Release => {
  const behind = BEHIND[index % BEHIND.length] ?? 0
  const commit = history[Math.min(behind, history.length - 1)]
  if (!commit) throw new Error('The sandbox repository has no commits to run a surface from')
  const deployedAt = new Date(Math.min(Date.parse(commit.committer.date) + HOUR, Date.now())).toISOString()
  return { version: commit.sha, ref, deployedAt, healthy: true }
}

export interface SurfacesOptions {
  readonly dir: string
  readonly declared: readonly SurfaceDeclaration[]
  /** The default branch, newest first; decides what runs on the very first start. */
  readonly history: readonly Commit[]
}

/** Starts every declared surface with the version it ran last. */
export const openSurfaces = async (options: SurfacesOptions): Promise<ReadonlyMap<string, SurfacePlatform>> => {
  const platforms = await Promise.all(
    options.declared.map((surface, index) => {
      const dir = path.join(options.dir, 'surfaces')
      const state = openSurfaceState(dir, surface.id, () => firstRelease(options.history, index, surface.ref))
      // Written at once: the default branch moves on, and what ran first must not.
      state.write(state.read())
      return openPlatform(surface, state)
    }),
  )
  return new Map(platforms.map((platform) => [platform.surface.id, platform]))
}
