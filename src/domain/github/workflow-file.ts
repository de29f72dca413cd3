import type { AskedInput } from '~/domain/deploy/asked-inputs'

/** What the console reads from a workflow file. */
export interface WorkflowFile {
  /** Whether `workflow_dispatch` starts it. */
  readonly dispatchable: boolean
  readonly inputs: readonly AskedInput[]
  readonly runName: string | null
  readonly jobs: readonly WorkflowJob[]
}

export interface WorkflowJob {
  /** As GitHub will show it; `*` stands for what is only known in a run, such as the values of a matrix. */
  readonly name: string
  /** Whether it calls a reusable workflow, whose jobs are shown as `name / *`. */
  readonly calls: boolean
  /** The names of its steps, as GitHub will show them. */
  readonly steps: readonly string[]
  /** Whether it names an environment, for which GitHub itself creates a deployment. */
  readonly hasEnvironment: boolean
  /** The actions that its steps use, such as `./.github/actions/notify`. */
  readonly uses: readonly string[]
}

/** Every name that a phase can be declared by: those of jobs, and `job / step`. */
export const namesOf = ({ jobs }: Pick<WorkflowFile, 'jobs'>): string[] =>
  jobs.flatMap(({ name, calls, steps }) => [
    ...(calls ? [`${name} / *`] : [name]),
    ...steps.map((step) => `${name} / ${step}`),
  ])
