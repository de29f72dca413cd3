import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { DeployKind } from '~/domain/deploy/approval'
import { updateDeployFacts } from '~/server/deploys/deploys'
import { advanceDeploy } from '~/server/deploys/deploys.sql'
import { readCommitTime } from '~/server/deploys/runs/read-commit-time'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { queuedJobs, runQueue } from '~test/support/run-queue'
import { commit, SHA, startScriptedGitHub } from '~test/support/scripted-github'

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

const COMMITTED = '2026-11-20T11:30:00+01:00'
const committed = (sha: string, date = COMMITTED) => {
  const body = commit(sha)
  return { status: 200, body: { ...body, commit: { ...body.commit, committer: { date } } } }
}
beforeEach(() => {
  github.script.onCommit = () => committed(SHA)
})

/** A deploy at its health check, which succeeds, and the jobs are done. */
async function succeeded(facts: { environment?: string; kind?: DeployKind; sha?: string | null } = {}) {
  const { deps } = console_
  const { id, surface } = await insertDeployAt(deps, 'deploying')
  const { environment = 'production', kind = 'deploy', sha = SHA } = facts
  const sourceId = kind === 'deploy' ? null : 'another'
  await deps.db.deploy.update({ where: { id }, data: { environment, kind, sha, sourceId } })
  await deps.db.$transaction((tx) =>
    advanceDeploy(tx, {
      ...{ deployId: id, surfaceId: surface.id, to: 'succeeded', actor: 'workflow', at: deps.now(), shipped: 'yes' },
      event: { action: 'console.deploy.callback', status: 'succeeded', payload: { webhook_id: id, from: 'deploying' } },
    }),
  )
  return id
}
const timeOf = async (id: string) =>
  (await console_.deps.db.deploy.findUniqueOrThrow({ where: { id }, select: { committedAt: true } })).committedAt

it('a change that reaches production gets the committer’s time of its commit', async () => {
  for (const kind of ['deploy', 'promotion'] as const) {
    const id = await succeeded({ kind })
    expect(await timeOf(id)).toBeNull()
    await runQueue(console_.deps)
    expect(await timeOf(id)).toEqual(new Date(COMMITTED))
  }
})

it('GitHub is not asked for a rollback, for staging, or again for a known time', async () => {
  const waiting = async () => (await queuedJobs(console_.deps)).filter(({ task }) => task === 'read_commit_time').length
  await succeeded({ kind: 'rollback' })
  await succeeded({ environment: 'staging' })
  expect(await waiting()).toBe(0)
  const id = await succeeded()
  expect(await waiting()).toBe(1)
  await runQueue(console_.deps)
  github.requests.length = 0
  await readCommitTime(console_.deps, id)
  expect(github.requests).toEqual([])
})

it.each([
  ['does not know the commit', () => ({ status: 404, body: { message: 'Not Found' } })],
  ['answers with another commit', () => committed('b'.repeat(40))],
  [
    'names no committer',
    () => ({ status: 200, body: { ...commit(SHA), commit: { ...commit(SHA).commit, committer: null } } }),
  ],
])('the time stays unknown if GitHub %s', async (_, answer) => {
  github.script.onCommit = answer
  const id = await succeeded({ sha: SHA })
  await readCommitTime(console_.deps, id)
  expect(await timeOf(id)).toBeNull()
})

it('a question that GitHub does not answer is asked again', async () => {
  const id = await succeeded()
  github.script.onCommit = () => ({ status: 502, body: {} })
  await expect(readCommitTime(console_.deps, id)).rejects.toMatchObject({ code: 'github_unavailable' })
})

it('the time goes when the run turns out to have deployed another commit', async () => {
  const id = await succeeded()
  await readCommitTime(console_.deps, id)
  await updateDeployFacts(console_.deps.db, id, { sha: 'c'.repeat(40) })
  expect(await timeOf(id)).toBeNull()
})
