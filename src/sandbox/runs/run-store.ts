import { appendFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type JobRecord, listedJobs, type RunRecord, runRecord } from '~/sandbox/runs/run-record'
import { readJsonFile, writeAtomically } from '~/sandbox/state/json-document'

export interface LogLine {
  readonly step: number
  readonly at: string
  readonly line: string
}

/** Every run of the sandbox, in memory and on disk: a document per attempt and a log file per job. */
export interface RunStore {
  readonly save: (run: RunRecord) => void
  /** The given attempt, or the latest. */
  readonly find: (runId: number, attempt?: number) => RunRecord | undefined
  readonly attempts: (runId: number) => readonly RunRecord[]
  /** The latest attempt of every run, newest run first. */
  readonly latest: () => readonly RunRecord[]
  readonly appendLog: (run: RunRecord, jobId: number, entry: LogLine) => void
  readonly readLog: (run: RunRecord, jobId: number) => readonly LogLine[]
}

const directories = (dir: string): string[] => {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^\d+$/.test(entry.name))
    .map((entry) => entry.name)
}

const load = (dir: string): Map<number, RunRecord[]> => {
  const runs = new Map<number, RunRecord[]>()
  for (const name of directories(dir)) {
    const attempts = readdirSync(path.join(dir, name))
      .filter((file) => /^attempt-\d+\.json$/.test(file))
      .flatMap((file) => readJsonFile(path.join(dir, name, file), runRecord) ?? [])
      .sort((a, b) => a.attempt - b.attempt)
    if (attempts.length > 0) runs.set(Number(name), attempts)
  }
  return runs
}

const parseLine = (text: string): LogLine => {
  const [step = '1', at = '', ...rest] = text.split('\t')
  return { step: Number(step), at, line: rest.join('\t') }
}

const readText = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    // A job without output has no file.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}

export const openRunStore = (dir: string): RunStore => {
  const runs = load(dir)
  const runDir = (runId: number): string => path.join(dir, String(runId))
  const logFile = (run: RunRecord, jobId: number): string =>
    path.join(runDir(run.runId), `attempt-${run.attempt}`, `${jobId}.log`)
  return {
    save: (run) => {
      const others = (runs.get(run.runId) ?? []).filter(({ attempt }) => attempt !== run.attempt)
      runs.set(
        run.runId,
        [...others, run].sort((a, b) => a.attempt - b.attempt),
      )
      writeAtomically(path.join(runDir(run.runId), `attempt-${run.attempt}.json`), JSON.stringify(run))
    },
    find: (runId, attempt) =>
      attempt === undefined ? runs.get(runId)?.at(-1) : runs.get(runId)?.find((run) => run.attempt === attempt),
    attempts: (runId) => runs.get(runId) ?? [],
    latest: () => [...runs.values()].flatMap((attempts) => attempts.at(-1) ?? []).sort((a, b) => b.runId - a.runId),
    appendLog: (run, jobId, { step, at, line }) => {
      const file = logFile(run, jobId)
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
      appendFileSync(file, `${step}\t${at}\t${line.replace(/\r?\n/g, ' ')}\n`, { mode: 0o600 })
    },
    readLog: (run, jobId) =>
      readText(logFile(run, jobId))
        .split('\n')
        .filter((line) => line !== '')
        .map(parseLine),
  }
}

/** The runs of one repository. */
export const runsOf = (store: RunStore, repository: string): RunStore => {
  const isOwn = (run: RunRecord): boolean => run.repository === repository
  return {
    ...store,
    find: (runId, attempt) => [store.find(runId, attempt)].flatMap((run) => run ?? []).find(isOwn),
    attempts: (runId) => store.attempts(runId).filter(isOwn),
    latest: () => store.latest().filter(isOwn),
  }
}

interface FoundJob {
  readonly run: RunRecord
  readonly job: JobRecord
}

/** A listed job by its id, with its attempt. */
export const findJob = (store: RunStore, jobId: number): FoundJob | undefined => {
  for (const { runId } of store.latest()) {
    for (const run of store.attempts(runId)) {
      const job = listedJobs(run).find(({ id }) => id === jobId)
      if (job) return { run, job }
    }
  }
  return undefined
}
