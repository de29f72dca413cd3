import 'server-only'
import { z } from 'zod'
import type { JobRecord, RunRecord, StepRecord } from '~/domain/deploy/evidence'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { PAGE_LENGTH, readPages } from '~/server/github/read-pages'
import { unlessNotThere } from '~/server/github/unless-not-there'

/** Octokit hands integers beyond 2^53 over as BigInt, smaller ones as number. */
export const runIdSchema = z
  .union([z.bigint(), z.int()])
  .transform(BigInt)
  .refine((id) => id > 0n)

const listedRun = z.object({ id: runIdSchema, display_title: z.string() })
const listedRuns = z.object({ workflow_runs: z.array(listedRun) })

/** GitHub's clock and ours are not the same one. */
const CLOCK_SLACK_MS = 60_000
/** GitHub creates a run within seconds, but during an incident hours later. */
const SOON_MS = 15 * 60_000

/**
 * The runs a deploy dispatched: those whose display title carries its id, among the `workflow_dispatch` runs created since it was
 * requested. Never matched by time or actor. More than one is for an alarm. None when the repository has no such workflow (any
 * more). GitHub lists the newest first and no more than a thousand, so those created soon after the request are asked for by
 * themselves, however many came later; then the later ones, until one is found.
 *
 * @throws Octokit's error, or the signal's reason, when GitHub does not answer; the caller decides what that means.
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
  const found = await unlessNotThere(github, deploy.repository, signal, find)
  // A run that is created meanwhile moves the others on, one of them to the next page as well.
  return [...new Set(found)]
}

/** As GitHub's search syntax takes times: without fractions of a second. */
const gitHubTime = (ms: number) => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')

const runSchema = z.object({
  status: z.string().nullable(),
  conclusion: z.string().nullable(),
  created_at: z.string(),
  run_started_at: z.string().nullish(),
  updated_at: z.string(),
  run_attempt: z.int().default(1),
})

const jobSchema = z
  .object({
    name: z.string(),
    conclusion: z.string().nullable(),
    started_at: z.string().nullable(),
    completed_at: z.string().nullable(),
    steps: z
      .array(
        z
          .object({
            name: z.string(),
            status: z.string(),
            conclusion: z.string().nullable(),
            started_at: z.string().nullish(),
          })
          .transform(({ started_at, ...step }): StepRecord => ({ ...step, startedAt: started_at ?? null })),
      )
      .default([]),
  })
  .transform(
    ({ started_at, completed_at, ...job }): JobRecord => ({ ...job, startedAt: started_at, completedAt: completed_at }),
  )

/**
 * A run with the jobs of its latest attempt. Null when GitHub knows no such run (yet, or any more).
 *
 * @throws as `findRunsOfDeploy` does
 */
export async function readRun(
  github: GitHub,
  repository: string,
  runId: bigint,
  signal: AbortSignal,
): Promise<RunRecord | null> {
  // Octokit's types know run ids as numbers only, which would round large ones: the id goes into the address itself.
  const address: string = `GET /repos/{owner}/{repo}/actions/runs/${runId}`
  const parameters = { ...ownerAndRepo(repository), request: { signal } }
  let total: number | null = null
  const jobsAnswer = readPages(async (page) => {
    const { data } = await github.request(`${address}/jobs`, { ...parameters, per_page: PAGE_LENGTH, page })
    const listed = z.object({ total_count: z.int().nullish(), jobs: z.array(jobSchema) }).parse(data)
    total = listed.total_count ?? null
    return listed.jobs
  })
  // Looked at below, when the run is there: a 404 of the jobs alone does not say that the run is gone.
  jobsAnswer.catch(() => undefined)
  const run = await unlessNotThere(github, repository, signal, () => github.request(address, parameters))
  if (run === null) return null
  const { status, conclusion, created_at, run_started_at, updated_at, run_attempt } = runSchema.parse(run.data)
  const { items: jobs, complete } = await jobsAnswer
  const known: number | null = total
  return {
    status: status ?? 'unknown',
    conclusion,
    createdAt: created_at,
    startedAt: run_started_at ?? null,
    updatedAt: updated_at,
    attempt: run_attempt,
    jobs,
    complete: complete && known !== null && known <= jobs.length,
  }
}
