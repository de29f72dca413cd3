import type { ContextValue } from '~/sandbox/runner/expressions'
import type { JobPlan } from '~/sandbox/runner/types'
import type { WorkflowFile } from '~/sandbox/runner/workflow-file'

/** A run that has been checked and can be executed: nothing in it is unknown any more. */
export interface RunPlan {
  readonly workflow: WorkflowFile
  readonly displayTitle: string
  readonly jobs: readonly JobPlan[]
  /** The `github` and `inputs` contexts every job starts from. */
  readonly github: Readonly<Record<string, ContextValue>>
  readonly inputs: Readonly<Record<string, ContextValue>>
}
