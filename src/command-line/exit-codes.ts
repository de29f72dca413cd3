/** What a script learns from the exit code (docs/operations/command-line.md, "Exit codes"). */
export const EXIT = { succeeded: 0, failed: 1, usage: 2, cancelled: 3, notAllowed: 4 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Refusals of the console that mean that this may not be done, or not now. */
const NOT_ALLOWED: ReadonlySet<string> = new Set([
  'signed_out',
  'token_refused',
  'permission_refused',
  'proof_stale',
  'origin_refused',
  'frozen',
  'surface_locked',
  'approval_own',
  'approver_linked',
  'requester_refused',
  'access_denied',
])

export const exitCodeOf = (problem: string): ExitCode => (NOT_ALLOWED.has(problem) ? EXIT.notAllowed : EXIT.failed)

/** Ends a command with a sentence on standard error. */
export class Stop extends Error {
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, sentence: string) {
    super(sentence)
    this.name = 'Stop'
    this.exitCode = exitCode
  }
}
