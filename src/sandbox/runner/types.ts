/** The claims of a job's ID token about its run, by GitHub's names. */
export type JobClaims = Readonly<Record<string, string>>

/** The address and token by which a job requests ID tokens, until it has ended. */
export interface IdTokenGrant {
  readonly url: string
  readonly token: string
  readonly revoke: () => void
}

/** One attempt of a run, to be executed by the runner. */
export interface RunRequest {
  readonly runId: number
  readonly runNumber: number
  readonly runAttempt: number
  /** The path inside the repository, such as `.github/workflows/deploy-console.yml`. */
  readonly workflowPath: string
  readonly workflowText: string
  readonly event: { readonly name: 'workflow_dispatch' | 'push'; readonly inputs: Readonly<Record<string, string>> }
  readonly actor: string
  readonly repository: {
    readonly owner: string
    readonly name: string
    /** The bare git repository from which `actions/checkout` fetches. */
    readonly gitDir: string
  }
  /** The commit of the workflow file, and below it the branch or tag of the dispatch. */
  readonly sha: string
  readonly refName: string
  /** `branch` by default. */
  readonly refType?: 'branch' | 'tag'
  readonly secrets: Readonly<Record<string, string>>
  readonly vars: {
    readonly repository: Readonly<Record<string, string>>
    readonly environments: Readonly<Record<string, Readonly<Record<string, string>>>>
  }
  readonly serverUrl: string
  readonly apiUrl: string
  /** An empty directory for workspaces, temporary files and tools. */
  readonly workDir: string
  /** Lets a job with `id-token: write` request ID tokens. Without this function, no job can. */
  readonly grantIdTokens?: (claims: JobClaims) => IdTokenGrant
  /**
   * Holds a job until the protection rules of its environment allow it. `undefined` if there are no rules. The promise must settle
   * when the signal aborts.
   */
  readonly protect?: (
    job: string,
    environment: string,
    signal: AbortSignal,
  ) => Promise<'passed' | 'rejected'> | undefined
  /** A job's step waits for this function before it starts. The promise must settle when the signal aborts. */
  readonly beforeStep?: (step: string, signal: AbortSignal) => Promise<void>
}

/** GitHub's conclusions of a run, a job or a step. */
export type Conclusion = 'success' | 'failure' | 'cancelled' | 'skipped' | 'timed_out'

/**
 * The events of an executing run, in order. The observer adds the times. `step` is an index into the job's `steps`, which begin
 * with "Set up job" and end with "Complete job". A skipped job or step has its `…-completed` event alone.
 */
export type RunEvent =
  | { readonly type: 'run-started'; readonly displayTitle: string; readonly jobs: readonly JobPlan[] }
  | { readonly type: 'job-expanded'; readonly job: string; readonly jobs: readonly JobPlan[] }
  | { readonly type: 'job-waiting'; readonly job: string; readonly environment: string }
  | { readonly type: 'job-queued'; readonly job: string }
  | { readonly type: 'job-started'; readonly job: string; readonly steps: readonly string[] }
  | { readonly type: 'step-started'; readonly job: string; readonly step: number }
  | { readonly type: 'log'; readonly job: string; readonly step: number; readonly line: string }
  | { readonly type: 'step-completed'; readonly job: string; readonly step: number; readonly conclusion: Conclusion }
  | { readonly type: 'job-completed'; readonly job: string; readonly conclusion: Conclusion }
  | { readonly type: 'run-completed'; readonly conclusion: Conclusion }

/**
 * A planned job. `id` is unique in the run: the job's key in the workflow file, below those of the matrix and of the calls that
 * it belongs to (`release.apply.0`). `name` is its title.
 */
export interface JobPlan {
  readonly id: string
  readonly name: string
  readonly needs: readonly string[]
  /** A matrix or a call of a reusable workflow. When it starts, other jobs take its place (`job-expanded`). */
  readonly expands: boolean
}

/** A construct of a workflow that this runner cannot run. It is refused before the run starts. */
export interface UnsupportedConstruct {
  readonly construct: string
  readonly place: string
}
