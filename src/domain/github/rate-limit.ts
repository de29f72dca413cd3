/** The kinds by which requests to GitHub are counted, in the order of the page. */
export const REQUEST_KINDS = {
  runs: 'Lists of runs',
  lookup: 'Look-ups of a deploy’s run',
  run: 'Runs and their jobs',
  log: 'Logs of failed jobs',
  ref: 'Refs',
  compare: 'Comparisons',
  commit: 'Commits',
  variable: 'DEPLOY_FREEZE',
  choices: 'Branches, tags and commits to choose from',
  checks: 'Checks of a commit',
  workflow: 'Workflow files',
  dispatch: 'Dispatches',
  cancel: 'Cancellations',
  deployment: 'GitHub deployments',
  other: 'Other',
} as const satisfies Record<string, string>
export type RequestKind = keyof typeof REQUEST_KINDS

/** GitHub's latest answer on how many requests are left. */
export interface RateLimit {
  readonly limit: number
  readonly remaining: number
  readonly resetAt: Date
  readonly notedAt: Date
}

export interface KindUsage {
  readonly kind: RequestKind
  readonly requests: number
  /** Those answered 304, which GitHub does not count. */
  readonly unchanged: number
}

/** What admins see of GitHub's rate limit. */
export interface RateLimitState {
  /** Null while GitHub has not said, or when its hour has ended. */
  readonly rateLimit: {
    readonly limit: number
    readonly remaining: number
    readonly resetAt: string
    readonly notedAt: string
  } | null
  /** `lastHours`: since the start of the previous clock hour. `lastDay`: the last 24 hours. */
  readonly lastHours: readonly KindUsage[]
  readonly lastDay: readonly KindUsage[]
}

/** The share of an hour's requests that each purpose leaves unused. `act` (dispatch and cancel) may use every request. */
export const RESERVES = { background: 0.3, people: 0.2, running: 0.1, act: 0 } as const
