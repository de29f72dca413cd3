import 'server-only'

/** Callbacks are refused if their clock differs by five minutes from this process's, so a clock must not use up much of that. */
const TOLERANCE_MS = 30_000

interface Times {
  /** This process's clock before and after the question, in milliseconds. */
  readonly askedAt: number
  readonly answeredAt: number
  readonly databaseAt: number
}

/** By how many seconds this process's clock is ahead of the database's. Null: they agree. Which one is wrong is not known. */
export function secondsAhead({ askedAt, answeredAt, databaseAt }: Times): number | null {
  // The answer's way counts for nobody.
  const ahead = askedAt > databaseAt ? askedAt - databaseAt : Math.min(0, answeredAt - databaseAt)
  return Math.abs(ahead) <= TOLERANCE_MS ? null : Math.round(ahead / 1000)
}
