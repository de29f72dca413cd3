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
  /** The actions that its steps use, such as `./.github/actions/notify`. */
  readonly uses: readonly string[]
}

/** Every name that a phase can be declared by: those of jobs, and `job / step`. */
export const namesOf = ({ jobs }: Pick<WorkflowFile, 'jobs'>): string[] =>
  jobs.flatMap(({ name, calls, steps }) => [
    ...(calls ? [`${name} / *`] : [name]),
    ...steps.map((step) => `${name} / ${step}`),
  ])

/** Whether some text fits both patterns, in which `*` stands for any text. */
export function mayBothMatch(a: string, b: string): boolean {
  const known = new Map<string, boolean>()
  const from = (i: number, j: number): boolean => {
    const key = `${i} ${j}`
    const before = known.get(key)
    if (before !== undefined) return before
    const found =
      i === a.length && j === b.length
        ? true
        : a[i] === '*'
          ? from(i + 1, j) || (j < b.length && from(i, j + 1))
          : b[j] === '*'
            ? from(i, j + 1) || (i < a.length && from(i + 1, j))
            : i < a.length && a[i] === b[j] && from(i + 1, j + 1)
    known.set(key, found)
    return found
  }
  return from(0, 0)
}
