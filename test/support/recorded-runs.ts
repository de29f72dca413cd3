import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'

const fixtures = path.resolve(import.meta.dirname, '../fixtures')

const recordedRun = z.strictObject({
  what: z.string(),
  /** GitHub's conclusion, or its status while the run goes on. */
  run: z.string(),
  /** A line for each job, and an indented one for each of its steps, each after the mark of its state. */
  jobs: z.string(),
  /** What the console has to say of a deploy that is followed by this record alone. */
  says: z.string(),
})
export type RecordedRun = z.output<typeof recordedRun>

/** The recorded runs of a workflow under test/fixtures/workflows. */
export const readRecordedRuns = (shape: string): RecordedRun[] =>
  z.array(recordedRun).parse(parse(readFileSync(path.join(fixtures, 'runs', `${shape}.yaml`), 'utf8')))

const GOING_ON = ['queued', 'pending', 'waiting', 'in_progress']
/** The status and conclusion that each mark stands for. */
const MARKS: Readonly<Record<string, readonly [string, string | null]>> = {
  '✓': ['completed', 'success'],
  '✗': ['completed', 'failure'],
  '○': ['completed', 'skipped'],
  '⊘': ['completed', 'cancelled'],
  '●': ['in_progress', null],
  '…': ['queued', null],
}
const minute = (count: number) => new Date(Date.UTC(2026, 10, 29, 10, count)).toISOString().replace('.000', '')

/** The run and its jobs as GitHub's REST API answers them. */
export function answersOf({ run, jobs: lines }: Pick<RecordedRun, 'run' | 'jobs'>) {
  const jobs: ReturnType<typeof jobOf>[] = []
  for (const [index, line] of lines.split('\n').entries()) {
    const [, indent = '', mark = '', name = ''] = /^( *)(\S) (.+)$/.exec(line) ?? []
    if (name === '') continue
    const part = { name, ...stateOf(mark, minute(index), minute(index + 1)) }
    if (indent === '') jobs.push(jobOf(part, jobs.length + 1))
    else {
      const steps = jobs.at(-1)?.steps ?? []
      steps.push({ number: steps.length + 1, ...part })
    }
  }
  const isOver = !GOING_ON.includes(run)
  return {
    run: {
      status: isOver ? 'completed' : run,
      conclusion: isOver ? run : null,
      created_at: minute(0),
      run_started_at: minute(0),
      updated_at: minute(600),
      run_attempt: 1,
      head_sha: 'a'.repeat(40),
    },
    jobs: { total_count: jobs.length, jobs },
  }
}

type Part = { readonly name: string } & ReturnType<typeof stateOf>
const jobOf = (part: Part, id: number) => ({ id, ...part, steps: [] as ({ readonly number: number } & Part)[] })

function stateOf(mark: string, started_at: string, completed_at: string) {
  const [status, conclusion] = MARKS[mark] ?? ['unknown', null]
  return { status, conclusion, started_at, completed_at: conclusion === null ? null : completed_at }
}
