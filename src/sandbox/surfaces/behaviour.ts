import { z } from 'zod'

export const behaviours = [
  'normal',
  'quick',
  'slow',
  'fail-smoke',
  'unhealthy',
  'turn-unhealthy',
  'fail-leg',
  'skip-leg',
] as const

/** The behaviour of a sample surface in a deploy, so that operators can see failures too. */
export const behaviourSchema = z.enum(behaviours)
export type Behaviour = z.infer<typeof behaviourSchema>

/** Behaviours of a surface whose workflow deploys to each region in a leg of its own. The others deploy at once. */
export const ofLegs: ReadonlySet<Behaviour> = new Set(['fail-leg', 'skip-leg'])
/** The region that these behaviours are about. */
export const TROUBLED_REGION = 'us'

export const explained: Readonly<Record<Behaviour, string>> = {
  normal: 'deploys and becomes healthy',
  quick: 'like normal, without delays',
  slow: 'takes about ten seconds for each of smoke check, boot and warm-up',
  'fail-smoke': 'fails its smoke check, so that no deploy starts',
  unhealthy: 'boots the next version, which then fails its health check',
  'turn-unhealthy': 'boots the next version, which turns unhealthy half a minute later; then like normal',
  'fail-leg': 'refuses the upload to one region, so that one leg of the deploy fails',
  'skip-leg': 'leaves one region out, so that one leg of the deploy is skipped',
}

interface Timing {
  readonly smokeMs: number
  readonly bootMs: number
  /** Health requests wait until this long after boot. */
  readonly warmUpMs: number
}

/** How long a version is healthy before it turns unhealthy: long enough for its run to end. */
export const HEALTHY_MS = 30_000

const everyStage = (ms: number): Timing => ({ smokeMs: ms, bootMs: ms, warmUpMs: ms })

export function timingOf(behaviour: Behaviour): Timing {
  if (behaviour === 'slow') return everyStage(10_000)
  // Slow enough to watch.
  return everyStage(behaviour === 'quick' ? 0 : 1_500)
}
