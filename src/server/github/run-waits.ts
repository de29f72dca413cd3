import 'server-only'
import { z } from 'zod'
import type { RunWaits } from '~/domain/deploy/quiet'
import type { ListedRunJobs } from '~/domain/deploy/run-jobs'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { runIdSchema } from '~/server/github/workflow-runs'

const TIMEOUT_MS = 4_000
/** A sentence names one run and counts the others. */
const AHEAD_AT_MOST = 20
const NAME_AT_MOST = 200

/**
 * Reads what GitHub says the run waits for: an environment's protection rules, or other runs of its concurrency group. Asks nothing for a
 * run that waits for neither. What cannot be read, as on an older Enterprise Server, is left out. Never throws.
 */
export async function readRunWaits(github: GitHub, repository: string, run: ListedRunJobs): Promise<RunWaits | null> {
  const has = (status: string) => run.status === status || run.jobs.some((job) => job.status === status)
  const [isHeld, isPending] = [has('waiting'), has('pending')]
  if (!isHeld && !isPending) return null
  const ask = askerOf(github, repository)
  const [environments, group] = await Promise.all([
    isHeld ? readEnvironments(ask, run.runId).catch(() => []) : [],
    isPending ? readGroup(ask, run.runId).catch(() => null) : null,
  ])
  return { environments, group }
}

/**
 * Reads the environments whose protection rules hold the run, as `readRunWaits` does.
 *
 * @throws Octokit's error, or zod's, when GitHub gives no usable answer
 */
export const readWaitingEnvironments = (github: GitHub, repository: string, runId: bigint) =>
  readEnvironments(askerOf(github, repository), runId)

type Ask = (path: string, query?: Readonly<Record<string, string>>) => Promise<unknown>

/** All that it asks has to answer within one limit of time. */
function askerOf(github: GitHub, repository: string): Ask {
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  return async (path, query = {}) => {
    const address: string = `GET /repos/{owner}/{repo}/actions/${path}`
    return (await github.request(address, { ...ownerAndRepo(repository), ...query, request: { signal } })).data
  }
}

const clipped = z.string().transform((text) => text.slice(0, NAME_AT_MOST))

const reviewer = z
  .object({
    type: z.string(),
    reviewer: z.object({ login: clipped.optional(), name: clipped.nullish() }),
  })
  .transform(({ type, reviewer: { login, name } }) =>
    type === 'Team' ? `the team ${name ?? 'without a name'}` : (login ?? name ?? 'somebody'),
  )

const pendingDeployments = z.array(
  z
    .object({
      environment: z.object({ id: runIdSchema, name: clipped }),
      wait_timer: z.number().default(0),
      wait_timer_started_at: z.string().nullish(),
      current_user_can_approve: z.boolean().default(false),
      reviewers: z.array(reviewer).default([]),
    })
    .transform(({ environment, wait_timer, wait_timer_started_at, current_user_can_approve, reviewers }) => ({
      id: environment.id.toString(),
      name: environment.name,
      reviewers: reviewers.slice(0, 10),
      waitsUntil: endOfTimer(wait_timer, wait_timer_started_at ?? null),
      mayApprove: current_user_can_approve,
    })),
)

/** The timer is in minutes. Null if none runs, or if it is over. */
function endOfTimer(minutes: number, startedAt: string | null): string | null {
  const end = Date.parse(startedAt ?? '') + minutes * 60_000
  return minutes > 0 && end > Date.now() && end < 8.64e15 ? new Date(end).toISOString() : null
}

const readEnvironments = async (ask: Ask, runId: bigint): Promise<RunWaits['environments']> =>
  pendingDeployments.parse(await ask(`runs/${runId}/pending_deployments`)).slice(0, 10)

const groupsOfRun = z.object({
  concurrency_groups: z.array(
    z.object({
      group_name: z.string(),
      group_members: z.array(z.object({ status: z.string(), job_id: runIdSchema.nullish() })),
    }),
  ),
})
const groupMembers = z.object({ group_members: z.array(z.object({ run_id: runIdSchema })) })

/** The group in which the run or one of its jobs is pending, with the runs that GitHub lists before it. */
async function readGroup(ask: Ask, runId: bigint): Promise<RunWaits['group']> {
  const { concurrency_groups: groups } = groupsOfRun.parse(
    await ask(`runs/${runId}/concurrency_groups`, { per_page: '100' }),
  )
  for (const { group_name, group_members } of groups) {
    const pending = group_members.find(({ status }) => status === 'pending')
    if (pending === undefined) continue
    const jobId = pending.job_id ?? null
    const until = jobId === null ? { ahead_of_run: runId.toString() } : { ahead_of_job: jobId.toString() }
    const found = groupMembers.parse(await ask('concurrency_groups/{group}', { group: group_name, ...until }))
    const ahead = found.group_members.map(({ run_id }) => run_id).filter((id) => id !== runId)
    return { name: group_name.slice(0, NAME_AT_MOST), ahead: [...new Set(ahead)].slice(-AHEAD_AT_MOST).map(String) }
  }
  return null
}
