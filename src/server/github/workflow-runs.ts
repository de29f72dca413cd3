import 'server-only'
import { z } from 'zod'
import { clipName } from '~/domain/deploy/job-names'
import type { ListedJob, ListedRunJobs, ListedStep } from '~/domain/deploy/run-jobs'
import type { PhaseJobs } from '~/domain/deploy/run-record'
import type { ListedRun } from '~/domain/github/outside-run'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { nullIfMissing, PAGE_LENGTH, readPages } from '~/server/github/reads'

/** Octokit returns integers beyond 2^53 as BigInt, and smaller ones as number. */
export const runIdSchema = z
  .union([z.bigint(), z.int()])
  .transform(BigInt)
  .refine((id) => id > 0n)

const listedRun = z.object({ id: runIdSchema, display_title: z.string() })
const listedRuns = z.object({ workflow_runs: z.array(listedRun) })

/** Tolerance between GitHub's clock and this machine's. */
const CLOCK_SLACK_MS = 60_000
/** GitHub creates a run within seconds, but hours later during an incident. */
const SOON_MS = 15 * 60_000

/**
 * The runs of a deploy: `workflow_dispatch` runs created since the request whose display title carries the deploy's id. Runs are never
 * matched by time or actor. GitHub lists at most a thousand runs, the newest first, so runs created soon after the request are listed
 * first, and later runs in a second search. Empty when the repository has no such workflow.
 *
 * @throws Octokit's error, or the signal's reason, when GitHub does not answer
 */
export async function findRunsOfDeploy(
  github: GitHub,
  deploy: {
    readonly id: string
    readonly repository: string
    readonly workflow: string
    readonly requestedAt: Date
  },
  signal: AbortSignal,
): Promise<bigint[]> {
  const requested = deploy.requestedAt.getTime()
  const parameters = {
    ...ownerAndRepo(deploy.repository),
    workflow_id: deploy.workflow,
    event: 'workflow_dispatch',
    per_page: PAGE_LENGTH,
    request: { signal },
  }
  const list = async (created: string, page: number) => {
    const address = 'GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs'
    const { data } = await github.request(address, { ...parameters, created, page })
    return listedRuns.parse(data).workflow_runs
  }
  const own = (runs: readonly z.output<typeof listedRun>[]) =>
    runs.filter((run) => run.display_title.includes(deploy.id)).map((run) => run.id)
  const find = async () => {
    const later = gitHubTime(requested + SOON_MS)
    const soon = await readPages((page) => list(`${gitHubTime(requested - CLOCK_SLACK_MS)}..${later}`, page))
    if (own(soon.items).length > 0 || Date.now() < requested + SOON_MS) return own(soon.items)
    const rest = await readPages((page) => list(`>=${later}`, page), { found: (runs) => own(runs).length > 0 })
    return own(rest.items)
  }
  const found = await nullIfMissing(github, deploy.repository, signal, find)
  // A run that is created between two pages moves another run to the next page, where it is listed again.
  return [...new Set(found)]
}

/** A time in GitHub's search syntax, without fractions of a second. */
const gitHubTime = (ms: number) => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')

const runSchema = z.object({
  status: z.string().nullable(),
  conclusion: z.string().nullable(),
  created_at: z.string(),
  run_started_at: z.string().nullish(),
  updated_at: z.string(),
  run_attempt: z.int().default(1),
  head_sha: z.string().nullish(),
})

const jobName = z.string().transform(clipName)

const stepSchema = z
  .object({
    name: jobName,
    status: z.string(),
    conclusion: z.string().nullable(),
    number: z.int().default(0),
    started_at: z.string().nullish(),
    completed_at: z.string().nullish(),
  })
  .transform(
    ({ started_at, completed_at, ...step }): ListedStep => ({
      ...step,
      startedAt: started_at ?? null,
      completedAt: completed_at ?? null,
    }),
  )

const jobSchema = z
  .object({
    id: runIdSchema.nullish(),
    run_attempt: z.int().nullish(),
    name: jobName,
    status: z.string().default('unknown'),
    conclusion: z.string().nullable(),
    started_at: z.string().nullable(),
    completed_at: z.string().nullable(),
    created_at: z.string().nullish(),
    labels: z.array(z.string()).default([]),
    steps: z.array(stepSchema).default([]),
  })
  .transform(
    ({ id, run_attempt, created_at, started_at, completed_at, ...job }): OwnedJob => ({
      attempt: run_attempt ?? null,
      job: {
        ...job,
        id: id?.toString() ?? null,
        createdAt: created_at ?? null,
        startedAt: started_at,
        completedAt: completed_at,
      },
    }),
  )

interface OwnedJob {
  /** The attempt that GitHub names; null if it names none. */
  readonly attempt: number | null
  readonly job: ListedJob
}

/**
 * A run with the jobs of its latest attempt. Null when GitHub does not (yet, or no longer) know the run. The jobs are read after the run, so a
 * run that is over has the jobs of its end.
 *
 * @throws as `findRunsOfDeploy` does
 */
export async function readRun(
  github: GitHub,
  repository: string,
  runId: bigint,
  phaseJobs: PhaseJobs | null,
  signal: AbortSignal,
): Promise<ListedRunJobs | null> {
  // The id is part of the address: Octokit types run ids as numbers, which would round large ids.
  const address: string = `GET /repos/{owner}/{repo}/actions/runs/${runId}`
  const parameters = { ...ownerAndRepo(repository), request: { signal } }
  const run = await nullIfMissing(github, repository, signal, () => github.request(address, parameters))
  if (run === null) return null
  const { status, conclusion, created_at, run_started_at, updated_at, run_attempt, head_sha } = runSchema.parse(
    run.data,
  )
  // A 404 for the jobs alone does not mean that the run is gone.
  const latest = await readJobs(github, `${address}/jobs`, parameters)
  const isOfAttempt = areOfAttempt(latest.items, run_attempt)
  const read = isOfAttempt ? latest : await readJobs(github, `${address}/attempts/${run_attempt}/jobs`, parameters)
  const { items, complete, total } = read
  return {
    runId,
    status: status ?? 'unknown',
    conclusion,
    createdAt: created_at,
    startedAt: run_started_at ?? null,
    updatedAt: updated_at,
    attempt: run_attempt,
    headSha: head_sha ?? null,
    jobs: items.map(({ job }) => job),
    jobCount: total ?? items.length,
    phaseJobs,
    complete: complete && total !== null && total <= items.length,
  }
}

async function readJobs(github: GitHub, address: string, parameters: Readonly<Record<string, unknown>>) {
  let total: number | null = null
  const pages = await readPages(async (page) => {
    const { data } = await github.request(address, { ...parameters, per_page: PAGE_LENGTH, page })
    const listed = z.object({ total_count: z.int().nullish(), jobs: z.array(jobSchema) }).parse(data)
    total = listed.total_count ?? null
    return listed.jobs
  })
  const known: number | null = total
  return { ...pages, total: known }
}

/**
 * Whether the latest jobs are those of this attempt, and not of a re-run that began after the run was read. After a re-run of some jobs, GitHub
 * may list the others with the attempt in which they ran.
 */
const areOfAttempt = (jobs: readonly OwnedJob[], attempt: number): boolean => {
  const attempts = jobs.map((job) => job.attempt ?? attempt)
  return attempts.length === 0 || Math.max(...attempts) === attempt
}

/** A listed run has about ten kilobytes, so a look that finds nothing new reads a short page. */
const WORKFLOW_PAGE_LENGTH = 30
const WORKFLOW_PAGES_AT_MOST = 4
const LIST_TIMEOUT_MS = 8_000

/** A repository's list also contains the runs of its checks. */
const REPOSITORY_PAGE_LENGTH = 50
const REPOSITORY_PAGES_AT_MOST = 2

export interface RepositoryRun extends ListedRun {
  /** The workflow's file name below `.github/workflows`. */
  readonly workflow: string
}

const listed = z.object({
  workflow_runs: z.array(
    z
      .object({
        path: z.string(),
        id: runIdSchema,
        run_number: z.int(),
        display_title: z.string(),
        event: z.string(),
        status: z.string().nullable(),
        conclusion: z.string().nullable(),
        created_at: z.string(),
        run_started_at: z.string().nullish(),
        run_attempt: z.int().nullish(),
        triggering_actor: z.object({ login: z.string() }).nullish(),
        head_commit: z.object({ message: z.string() }).nullish(),
      })
      .transform(
        (run): RepositoryRun => ({
          // The path of a shared workflow ends in `@ref`.
          workflow: run.path.replace(/@.*$/s, '').replace(/^.*\//s, ''),
          id: run.id,
          number: run.run_number,
          title: run.display_title,
          commitTitle: run.head_commit?.message.split('\n')[0] ?? null,
          event: run.event,
          status: run.status ?? 'unknown',
          conclusion: run.conclusion,
          actor: run.triggering_actor?.login ?? 'somebody',
          startedAt: run.run_started_at ?? run.created_at,
          attempt: run.run_attempt ?? 1,
        }),
      ),
  ),
})

type IsEnough = (runs: readonly ListedRun[]) => boolean

/**
 * The newest runs of a workflow, page by page until `isEnough` holds for the runs read. `complete` is false when the workflow may have
 * older runs. Throws Octokit's error when GitHub does not answer.
 */
export function listNewestRuns(github: GitHub, repository: string, workflow: string, isEnough: IsEnough) {
  const signal = AbortSignal.timeout(LIST_TIMEOUT_MS)
  const readPage = async (page: number) => {
    const { data } = await github.request('GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs', {
      ...ownerAndRepo(repository),
      workflow_id: workflow,
      per_page: WORKFLOW_PAGE_LENGTH,
      page,
      request: { signal },
    })
    return listed.parse(data).workflow_runs
  }
  return readPages(readPage, { length: WORKFLOW_PAGE_LENGTH, atMost: WORKFLOW_PAGES_AT_MOST, found: isEnough })
}

/** The newest runs of all workflows of a repository. */
export function listRepositoryRuns(github: GitHub, repository: string, isEnough: IsEnough) {
  const signal = AbortSignal.timeout(LIST_TIMEOUT_MS)
  const readPage = async (page: number) => {
    const { data } = await github.request('GET /repos/{owner}/{repo}/actions/runs', {
      ...ownerAndRepo(repository),
      per_page: REPOSITORY_PAGE_LENGTH,
      page,
      request: { signal },
    })
    return listed.parse(data).workflow_runs
  }
  return readPages(readPage, {
    length: REPOSITORY_PAGE_LENGTH,
    atMost: REPOSITORY_PAGES_AT_MOST,
    found: isEnough,
  })
}
