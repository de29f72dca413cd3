import { type LoadJob, type LoadResult, type Measured, summarise } from '~test/bench/load'
import type { LoadGenerator } from '~test/bench/load-generator'

const SLICES = 5

/**
 * Runs jobs in slices, one of each in turn, so that other load on the machine affects the product and its yardsticks equally.
 * Each job is warmed up before its first slice.
 */
export async function takeTurns<Name extends string>(
  load: LoadGenerator,
  jobs: Readonly<Record<Name, LoadJob>>,
  afterEachTurn: () => Promise<unknown> = async () => undefined,
): Promise<Record<Name, LoadResult>> {
  const names = Object.keys(jobs) as Name[]
  const measured = new Map<Name, Measured[]>(names.map((name) => [name, []]))
  for (let slice = 0; slice < SLICES; slice += 1) {
    for (const name of names) measured.get(name)?.push(await load.run(sliceOf(jobs[name], slice)))
    await afterEachTurn()
  }
  const results = names.map((name) => [name, summarise(measured.get(name) ?? [])])
  return Object.fromEntries(results) as Record<Name, LoadResult>
}

function sliceOf<Job extends LoadJob>(job: Job, slice: number): Job {
  const from = (n: number) => job.warmUp + Math.round(((job.lanes.length - job.warmUp) * n) / SLICES)
  const first = slice === 0
  return { ...job, warmUp: first ? job.warmUp : 0, lanes: job.lanes.slice(first ? 0 : from(slice), from(slice + 1)) }
}
