import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sealAudit, takeCheckpoint } from '~/server/audit/seal-audit'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { createDeps, type Deps } from '~/server/deps'
import { readServerConfig } from '~/server/platform/config'
import { addJob } from '~/server/platform/jobs.sql'
import { startBuiltServer } from '~test/support/built-server'
import { callConsole } from '~test/support/call-console'
import { AUTH_SECRET, CALLBACK_SECRET, insertDeployAt } from '~test/support/console'
import { queuedJobs } from '~test/support/run-queue'
import { signedCallback } from '~test/support/signed-callback'
import { createTwoRoles, prepare, type TwoRoles } from '~test/support/two-roles'

// docs/operations/backup.md, "Back up" and "Restore". The server was built before (npm run build).

const run = promisify(execFile)
const tool = (name: string) => path.join(process.env['TEST_POSTGRES_BIN'] ?? '', name)
const directory = mkdtempSync(path.join(tmpdir(), 'deploy-console-backup-'))
const settings = {
  GITHUB_API_URL: 'http://127.0.0.1:9/api/v3',
  GITHUB_DISPATCH_TOKEN: 'token',
  ...{ DEPLOY_CALLBACK_HMAC_SECRET: CALLBACK_SECRET, AUTH_SECRET, LOG_LEVEL: 'silent' },
}

let before: TwoRoles
let after: TwoRoles
let deps: Deps
beforeAll(async () => {
  before = await createTwoRoles()
  after = await createTwoRoles()
  await prepare(before)
  deps = createDeps(readServerConfig({ ...settings, DATABASE_URL: before.url }))
})
afterAll(async () => {
  await deps.db.$disconnect()
  await before.drop()
  await after.drop()
  rmSync(directory, { recursive: true, force: true })
})

/** Workflows that report, one deploy after another, until told to stop. Returns how many deploys it ended. */
function reportWithoutPause() {
  let stopped = false
  const ended = (async () => {
    let count = 0
    while (!stopped) {
      const { id } = await insertDeployAt(deps, 'building')
      for (const status of ['deploying', 'succeeded']) {
        const answer = await receiveCallback(deps, signedCallback(id, { status, log_line: `now ${status}` }), id)
        expect(answer.status).toBe(200)
      }
      await sealAudit(deps)
      count += 1
    }
    return count
  })()
  return () => {
    stopped = true
    return ended
  }
}

it('a dump that is made under load is restored into an empty database, with a whole audit trail, and a server is ready on it', async () => {
  const { id: waiting } = await insertDeployAt(deps, 'building')
  await receiveCallback(deps, signedCallback(waiting, { status: 'deploying', log_line: 'kept' }), waiting)
  await addJob(
    deps.db,
    { task: 'reconcile_deploy', payload: { deployId: waiting } },
    { runAt: new Date(Date.now() + 3_600_000) },
  )
  await sealAudit(deps)
  const stops = [1, 2, 3].map(reportWithoutPause)
  const checkpoint = path.join(directory, 'checkpoint.json')
  writeFileSync(checkpoint, JSON.stringify(await takeCheckpoint(deps)))
  const dump = path.join(directory, 'console.dump')
  await run(tool('pg_dump'), ['--format=custom', `--file=${dump}`, before.ownerUrl])
  const ended = (await Promise.all(stops.map((stop) => stop()))).reduce((sum, count) => sum + count, 0)
  expect(ended, 'deploys that ended meanwhile').toBeGreaterThan(0)

  await run(tool('pg_restore'), ['--no-owner', '--no-privileges', `--dbname=${after.ownerUrl}`, dump])
  expect(await prepare(after)).toEqual({ missing: [], changed: [], isTrailExposed: false })
  const verdict = await callConsole(after.url, ['audit', 'verify', '--checkpoint', checkpoint])
  expect(verdict).toMatchObject({ code: 0, out: expect.stringContaining('It contains the checkpoint') })

  const server = await startBuiltServer({ ...settings, DATABASE_URL: after.url })
  const ready = await fetch(`${server.url}/api/health/ready`)
  expect(await ready.json()).toMatchObject({ ready: true })
  const restored = createDeps(readServerConfig({ ...settings, DATABASE_URL: after.url }))
  // Every status in the dump has its audit row, although transactions went on while it was made.
  const unproven = await restored.db.$queryRaw`
    SELECT d."id" FROM console_deploys AS d WHERE d."status" <> 'building' AND NOT EXISTS (
      SELECT FROM audit_events AS e WHERE e."deploy_id" = d."id" AND e."status" = d."status")`
  expect(unproven).toEqual([])
  expect((await queuedJobs(restored)).map(({ key }) => key)).toContain(`reconcile_deploy:${waiting}`)
  const callback = signedCallback(waiting, { status: 'succeeded', log_line: 'after the restore' })
  expect((await receiveCallback(restored, callback, waiting)).status).toBe(200)
  await restored.db.$disconnect()
  await server.stop()
})
