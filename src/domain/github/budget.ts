/** What GitHub is asked for: the kinds that requests are counted by, in the order they are shown. */
export const REQUEST_KINDS = {
  runs: 'Lists of runs',
  lookup: 'Look-ups of a deploy’s run',
  run: 'Runs and their jobs',
  ref: 'Refs',
  compare: 'Comparisons',
  variable: 'DEPLOY_FREEZE',
  choices: 'Branches, tags and commits to choose from',
  checks: 'Checks of a commit',
  dispatch: 'Dispatches',
  cancel: 'Cancellations',
  other: 'Other',
} as const satisfies Record<string, string>
export type RequestKind = keyof typeof REQUEST_KINDS

/** What GitHub said last about how much more may be asked. */
export interface Standing {
  readonly limit: number
  readonly remaining: number
  readonly resetAt: Date
  readonly notedAt: Date
}

export interface KindUsage {
  readonly kind: RequestKind
  readonly requests: number
  /** Of these, answered 304: GitHub does not count them. */
  readonly unchanged: number
}

/** What admins see of GitHub's budget. */
export interface BudgetState {
  /** Null while GitHub has said nothing, or its hour is over since. */
  readonly standing: {
    readonly limit: number
    readonly remaining: number
    readonly resetAt: string
    readonly notedAt: string
  } | null
  /** Since the beginning of the clock hour before this one, and of the last 24 hours. */
  readonly lastHours: readonly KindUsage[]
  readonly lastDay: readonly KindUsage[]
}
