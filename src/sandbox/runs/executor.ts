import type { JobPlan, RunEvent, RunRequest } from '~/sandbox/runner/types'

/** What is known of a run before anything of it runs. */
export interface PlannedRun {
  readonly workflowName: string
  readonly displayTitle: string
  readonly jobs: readonly JobPlan[]
  /** Given inputs with the workflow's defaults filled in. */
  readonly inputs: Readonly<Record<string, string>>
  readonly concurrency: { readonly group: string; readonly cancelInProgress: boolean } | null
}

/** The runner as the sandbox sees it; an argument, so that queue and store know nothing of how steps run. */
export interface Executor {
  /** The plan, or GitHub's reasons why such a run cannot be (they become a 422). */
  readonly plan: (
    request: RunRequest,
  ) => Promise<{ readonly planned: PlannedRun } | { readonly errors: readonly string[] }>
  readonly execute: (request: RunRequest, observe: (event: RunEvent) => void, signal: AbortSignal) => Promise<void>
}
