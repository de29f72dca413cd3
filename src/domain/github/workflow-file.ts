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
  const [fixedA = '', fixedB = ''] = [a.split('*', 1)[0], b.split('*', 1)[0]]
  if (!fixedA.startsWith(fixedB) && !fixedB.startsWith(fixedA)) return false
  /** Whether the rest of `a` and the rest of `b` from each place may match: one row for each place of `a`, from its end. */
  let below: boolean[] = []
  for (let i = a.length; i >= 0; i -= 1) {
    const row: boolean[] = Array.from({ length: b.length + 1 }, () => false)
    for (let j = b.length; j >= 0; j -= 1) {
      const skipsA = i < a.length && below[j] === true
      const skipsB = j < b.length && row[j + 1] === true
      if (i === a.length && j === b.length) row[j] = true
      else if (a[i] === '*') row[j] = skipsA || skipsB
      else if (b[j] === '*') row[j] = skipsB || skipsA
      else row[j] = i < a.length && a[i] === b[j] && below[j + 1] === true
    }
    below = row
  }
  return below[0] === true
}
