/** What a job's token says of its run, by the names of GitHub's claims. */
export type JobClaims = Readonly<Record<string, string>>

/** What a job asks for tokens with, until it has ended. */
export interface IdTokenGrant {
  readonly url: string
  readonly token: string
  readonly revoke: () => void
}

/** What the runner is asked to execute: one attempt of one workflow run. */
export interface RunRequest {
  readonly runId: number
  readonly runNumber: number
  readonly runAttempt: number
  /** Path inside the repository, e.g. `.github/workflows/deploy-console.yml`. */
  readonly workflowPath: string
  readonly workflowText: string
  readonly event: { readonly name: 'workflow_dispatch' | 'push'; readonly inputs: Readonly<Record<string, string>> }
  readonly actor: string
  readonly repository: {
    readonly owner: string
    readonly name: string
    /** Bare git repository that `actions/checkout` clones from. */
    readonly gitDir: string
  }
  /** Commit the workflow itself was taken from, and the branch or tag it was dispatched on. */
  readonly sha: string
  readonly refName: string
  /** What `refName` is; a branch when not said. */
  readonly refType?: 'branch' | 'tag'
  readonly secrets: Readonly<Record<string, string>>
  readonly vars: {
    readonly repository: Readonly<Record<string, string>>
    readonly environments: Readonly<Record<string, Readonly<Record<string, string>>>>
  }
  readonly serverUrl: string
  readonly apiUrl: string
  /** Empty directory the runner may fill; workspaces, temp files and tool state live below it. */
  readonly workDir: string
  /** Lets a job with `id-token: write` ask for tokens; without it no job can. */
  readonly grantIdTokens?: (claims: JobClaims) => IdTokenGrant
  /** Called when a job's step is about to work; the step waits for it. Must settle when the signal aborts. */
  readonly beforeStep?: (step: string, signal: AbortSignal) => Promise<void>
}

/** GitHub's own words for how a run, a job or a step ended. */
export type Conclusion = 'success' | 'failure' | 'cancelled' | 'skipped' | 'timed_out'

/**
 * Everything an observer can know about an executing run, in order. Times are taken by the observer.
 * `step` is an index into the job's `steps`, which begin with "Set up job" and end with "Complete job" as GitHub's do.
 * A job or step that never starts (its `if` is false, or what it needs failed) has its `…-completed` and nothing else.
 */
export type RunEvent =
  | { readonly type: 'run-started'; readonly displayTitle: string; readonly jobs: readonly JobPlan[] }
  | { readonly type: 'job-started'; readonly job: string; readonly steps: readonly string[] }
  | { readonly type: 'step-started'; readonly job: string; readonly step: number }
  | { readonly type: 'log'; readonly job: string; readonly step: number; readonly line: string }
  | { readonly type: 'step-completed'; readonly job: string; readonly step: number; readonly conclusion: Conclusion }
  | { readonly type: 'job-completed'; readonly job: string; readonly conclusion: Conclusion }
  | { readonly type: 'run-completed'; readonly conclusion: Conclusion }

/** A job as planned before anything runs: `id` is its key in the workflow file, `name` what GitHub shows. */
export interface JobPlan {
  readonly id: string
  readonly name: string
  readonly needs: readonly string[]
}

/** Raised before a run starts when a workflow uses what this runner cannot do; names the construct and its place. */
export interface UnsupportedConstruct {
  readonly construct: string
  readonly place: string
}
