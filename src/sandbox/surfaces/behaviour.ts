import { z } from 'zod'

export const behaviours = ['normal', 'quick', 'slow', 'fail-smoke', 'unhealthy'] as const

/** How a sample surface takes part in a deploy, so that an operator can watch failures too. */
export const behaviourSchema = z.enum(behaviours)
export type Behaviour = z.infer<typeof behaviourSchema>

export const explained: Readonly<Record<Behaviour, string>> = {
  normal: 'takes a deploy and comes up healthy',
  quick: 'the same at once, for when nobody watches',
  slow: 'answers its smoke check, boots and warms up slowly, about ten seconds each',
  'fail-smoke': 'says at its smoke check that it is not ready to be deployed to',
  unhealthy: 'boots the next version it is given, which then reports itself unhealthy',
}

interface Timing {
  readonly smokeMs: number
  readonly bootMs: number
  /** For this long after boot a health request is answered late, when the server is warm. */
  readonly warmUpMs: number
}

const everyStage = (ms: number): Timing => ({ smokeMs: ms, bootMs: ms, warmUpMs: ms })

export function timingOf(behaviour: Behaviour): Timing {
  if (behaviour === 'slow') return everyStage(10_000)
  // Else quick, but not so quick that nobody can watch.
  return everyStage(behaviour === 'quick' ? 0 : 1_500)
}
