import type { TRPCLink } from '@trpc/client'
import { map } from '@trpc/server/observable'
import type { DeployView } from '~/domain/deploy/view'
import type { LiveEvent } from '~/domain/surface/live'
import type { Review } from '~/domain/surface/review'
import type { Grid, SurfaceTile } from '~/domain/surface/tile'
import type { AppRouter } from '~/server/trpc/routers/_app'

/** What the previous version answers: without the members that this version added. */
type Older<Value, Added extends keyof Value> = Omit<Value, Added> & Partial<Pick<Value, Added>>
type OlderTile = Older<SurfaceTile, 'service'>
type OlderGrid = Older<Omit<Grid, 'surfaces'>, 'worker'> & { readonly surfaces: readonly OlderTile[] }
type OlderEntry = Older<DeployView['timeline'][number], 'proof'>
type OlderDeploy = Older<Omit<DeployView, 'timeline'>, 'logDeletedAt' | 'approvalId'> & {
  readonly timeline: readonly OlderEntry[]
}
type OlderReview = Older<Review, 'pulls' | 'checks'>
type OlderEvent = Older<Omit<LiveEvent, 'tiles'>, 'worker'> & { readonly tiles: readonly OlderTile[] }

const completeTile = (tile: OlderTile): SurfaceTile => ({ service: null, ...tile })
const completeGrid = (grid: OlderGrid): Grid => ({ worker: null, ...grid, surfaces: grid.surfaces.map(completeTile) })
const completeDeploy = (deploy: OlderDeploy): DeployView => ({
  logDeletedAt: null,
  approvalId: null,
  ...deploy,
  timeline: deploy.timeline.map((entry) => ({ proof: null, ...entry })),
})

const completeReview = (review: OlderReview): Review => ({
  pulls: [],
  checks: { checks: [], counts: { red: 0, pending: 0, other: 0, green: 0 }, complete: false },
  ...review,
})

/** Events may also come from a window of the previous version. */
export const completeEvent = (event: OlderEvent): LiveEvent => ({
  worker: null,
  ...event,
  tiles: event.tiles.map(completeTile),
})

/**
 * During a rolling upgrade, a replica of the previous version may answer this page. Adds what the answer lacks, as not known, so that no
 * part of the page reads a member that is not there.
 */
export function completeOlderAnswers(): TRPCLink<AppRouter> {
  const complete = (path: string, answer: unknown): unknown => {
    if (path === 'surfaces.list') return completeGrid(answer as OlderGrid)
    if (path === 'surfaces.review') return completeReview(answer as OlderReview)
    if (path === 'deploys.get') return completeDeploy(answer as OlderDeploy)
    return answer
  }
  return () =>
    ({ op, next }) =>
      next(op).pipe(
        map((envelope) => {
          const { result } = envelope
          if (!('data' in result) || op.type !== 'query') return envelope
          return { ...envelope, result: { ...result, data: complete(op.path, result.data) } }
        }),
      )
}
