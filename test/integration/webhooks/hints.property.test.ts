import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { DeployStatus } from '~/domain/deploy/status'
import { receiveWebhook } from '~/server/webhooks/receive-webhook'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { runQueue } from '~test/support/run-queue'
import { jobsAnswer, runAnswer, startScriptedGitHub } from '~test/support/scripted-github'
import { signedWebhook } from '~test/support/signed-webhook'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

const STATUSES: readonly DeployStatus[] = ['requested', 'dispatched', 'building', 'deploying', 'succeeded', 'failed']
const FIRST_RUN = 100

const runId = fc.integer({ min: FIRST_RUN, max: FIRST_RUN + STATUSES.length + 2 })
const conclusion = fc.constantFrom(null, 'success', 'failure', 'cancelled', 'timed_out', 'skipped')
const action = fc.constantFrom('requested', 'in_progress', 'completed', 'queued', 'approved', 'rejected', 'renamed')
const repository = fc
  .constantFrom('acme/platform', 'Acme/Platform', 'acme/elsewhere')
  .map((full_name) => ({ full_name }))
const workflowRun = fc.record({
  id: runId,
  path: fc.constantFrom('.github/workflows/deploy-console.yml', '.github/workflows/ci.yml', null),
  conclusion,
  status: fc.constantFrom('queued', 'in_progress', 'completed'),
  display_title: fc.string(),
  run_attempt: fc.integer({ min: 1, max: 3 }),
})
const event = fc.oneof(
  fc.record({
    name: fc.constantFrom('workflow_run', 'deployment_review', 'deployment_status'),
    workflow_run: workflowRun,
  }),
  fc.record({
    name: fc.constant('workflow_job'),
    workflow_job: fc.record({ run_id: runId, conclusion, status: fc.constantFrom('in_progress', 'completed') }),
  }),
  fc.record({ name: fc.constant('push'), ref: fc.constantFrom('refs/heads/main', 'refs/heads/x', 'main', '') }),
  fc.record({ name: fc.constantFrom('check_run', 'check_suite', 'status', 'repository', 'star') }),
  fc.record({ name: fc.constant('ping'), hook: fc.record({ events: fc.array(fc.constantFrom('*', 'push')) }) }),
)
const sent = fc.record({
  event: fc
    .tuple(event, repository, action)
    .map(([told, about, done]) => ({ ...told, repository: about, action: done })),
  /** A webhook may be sent again. */
  times: fc.integer({ min: 1, max: 3 }),
  /** Whether waiting looks are made before the next event. */
  looked: fc.nat({ max: 4 }).map((n) => n === 0),
})

async function look() {
  await console_.deps.db.$executeRaw`UPDATE graphile_worker._private_jobs SET run_at = now()`
  await runQueue(console_.deps)
}

const facts = async () => ({
  deploys: await console_.deps.db.deploy.findMany({
    orderBy: { id: 'asc' },
    omit: { lastLookedAt: true, runRecord: true, githubSilentSince: true },
  }),
  surfaces: await console_.deps.db.surface.findMany({
    orderBy: { id: 'asc' },
    omit: { behindCheckedAt: true, deployFreezeReadAt: true },
  }),
  audit: await console_.deps.db.auditEvent.count(),
})

it("no sequence of signed webhooks changes a deploy about which GitHub's API says nothing new", async () => {
  for (const [n, status] of STATUSES.entries()) {
    await insertDeployAt(console_.deps, status, status === 'requested' ? {} : { githubRunId: BigInt(FIRST_RUN + n) })
  }
  github.script.onRun = () => runAnswer(null)
  github.script.onJobs = () => jobsAnswer({})
  // Reading a run's record changes a deploy with or without webhooks, so read the records first.
  const deploys = await console_.deps.db.deploy.findMany({ select: { id: true } })
  for (const { id } of deploys) {
    await console_.deps.db.$executeRaw`
      SELECT FROM graphile_worker.add_job('reconcile_deploy', json_build_object('deployId', ${id}::text))`
  }
  await look()
  const before = await facts()
  await fc.assert(
    fc.asyncProperty(fc.array(sent, { minLength: 1, maxLength: 12 }), async (sequence) => {
      for (const {
        event: { name, ...payload },
        times,
        looked,
      } of sequence) {
        for (let n = 0; n < times; n += 1) {
          const { status } = await receiveWebhook(console_.deps, await signedWebhook(name, payload))
          expect(status).toBe(202)
        }
        if (looked) await look()
      }
      await look()
      expect(await facts()).toEqual(before)
    }),
    { numRuns: 12 },
  )
  expect(github.requests.length, 'the webhooks caused looks').toBeGreaterThan(20)
})
