import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '~/launch/machine/ports'
import { findDatabaseAccount } from '~/launch/postgres/programs'
import { sealAudit } from '~/server/audit/seal-audit'
import { verifyAudit } from '~/server/audit/verify-audit'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { createDeps, type Deps } from '~/server/deps'
import { listen } from '~/server/live/listen'
import { readServerConfig } from '~/server/platform/config'
import { addJob } from '~/server/platform/jobs.sql'
import { startWorker } from '~/server/worker/start-worker'
import { AUTH_SECRET, CALLBACK_SECRET, insertDeployAt } from '~test/support/console'
import { onDatabase } from '~test/support/migrated-template'
import { queuedJobs } from '~test/support/run-queue'
import { signedCallback } from '~test/support/signed-callback'
import { createTwoRoles, prepare, type TwoRoles } from '~test/support/two-roles'

const program = process.env['PGBOUNCER'] ?? 'pgbouncer'
/** Fewer connections than the console has, so that its transactions share them. */
const POOL_SIZE = 4

let database: TwoRoles
let pooler: { readonly url: string; readonly stop: () => Promise<void> }
let deps: Deps

async function startPooler(direct: URL) {
  const port = await freePort()
  const directory = mkdtempSync('/tmp/deploy-console-pgbouncer-')
  chmodSync(directory, 0o755)
  const users = path.join(directory, 'users.txt')
  writeFileSync(users, `"${direct.username}" "${direct.password}"\n`, { mode: 0o644 })
  const settings = path.join(directory, 'pgbouncer.ini')
  writeFileSync(
    settings,
    `[databases]\n* = host=127.0.0.1 port=${direct.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${port}
unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = ${users}\npool_mode = transaction
max_prepared_statements = 200\ndefault_pool_size = ${POOL_SIZE}\n`,
  )
  const account = findDatabaseAccount()
  const ids = account === undefined ? {} : { uid: account.uid, gid: account.gid }
  const child = spawn(program, ['--quiet', settings], { stdio: ['ignore', 'ignore', 'inherit'], ...ids })
  const ended = once(child, 'exit')
  const url = Object.assign(new URL(direct), { port: String(port) }).href
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`)
    const answered = await onDatabase(url, (client) => client.query('SELECT 1')).then(
      () => true,
      () => false,
    )
    if (answered) break
    await pause(50)
  }
  const stop = async () => {
    child.kill()
    await ended
    rmSync(directory, { recursive: true, force: true })
  }
  return { url, stop }
}

beforeAll(async () => {
  const [, minor = '0'] = / 1\.(\d+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' })) ?? []
  if (Number(minor) < 21) throw new Error(`${program} is older than 1.21. Name a newer one in PGBOUNCER.`)
  database = await createTwoRoles()
  await prepare(database)
  pooler = await startPooler(new URL(database.url))
  const urls = { DATABASE_URL: pooler.url, DATABASE_DIRECT_URL: database.url }
  const gitHub = { GITHUB_API_URL: 'http://127.0.0.1:9/api/v3', GITHUB_DISPATCH_TOKEN: 'token' }
  const secrets = { DEPLOY_CALLBACK_HMAC_SECRET: CALLBACK_SECRET, AUTH_SECRET, LOG_LEVEL: 'silent' }
  deps = createDeps(readServerConfig({ ...urls, ...gitHub, ...secrets }))
})
afterAll(async () => {
  await deps.db.$disconnect()
  await pooler.stop()
  await database.drop()
})

describe('behind PgBouncer in transaction mode', () => {
  it('records callbacks of twenty deploys at once, each in order, and seals their audit trail', async () => {
    const deploys = await Promise.all(Array.from({ length: 20 }, () => insertDeployAt(deps, 'dispatched')))
    const life = ['building', 'deploying', 'succeeded']
    const outcomes = await Promise.all(
      deploys.map(async ({ id }) => {
        const answers: number[] = []
        for (const status of life) {
          const callback = signedCallback(id, { status, log_line: `now ${status}` })
          answers.push((await receiveCallback(deps, callback, id)).status)
        }
        return answers
      }),
    )
    expect(outcomes).toEqual(deploys.map(() => [200, 200, 200]))
    await sealAudit(deps)
    expect(await verifyAudit(deps)).toMatchObject({ sealed: '60', waiting: 0, firstBreak: null })
  })

  it('runs queued jobs and hears of changes over the direct connection', async () => {
    const stopping = new AbortController()
    const worker = startWorker(deps)
    const { id } = await insertDeployAt(deps, 'building')
    const heard = new Promise<void>((resolve, reject) => {
      const onListening = () => {
        receiveCallback(deps, signedCallback(id, { status: 'deploying' }), id).catch(reject)
      }
      const onChange = (change: { readonly id: string }) => {
        if (change.id === id) resolve()
      }
      void listen(
        deps.config.databaseDirectUrl,
        deps.logger,
        { onChange, onListening, onLost: () => undefined },
        stopping.signal,
      )
    })
    await heard
    await addJob(deps.db, { task: 'notify_outcome', payload: { deployId: id } })
    while ((await queuedJobs(deps)).some(({ task }) => task === 'notify_outcome')) await pause(20)
    stopping.abort()
    await worker.stop()
  })

  it('keeps the time limits and the time zone of the console on every connection', async () => {
    const limits = await Promise.all(
      Array.from(
        { length: POOL_SIZE * 2 },
        () => deps.db.$queryRaw`
        SELECT current_setting('statement_timeout') AS "statement", current_setting('idle_in_transaction_session_timeout') AS "idle",
          current_setting('TimeZone') AS "zone", pg_sleep(0.05)::text AS "slept"`,
      ),
    )
    expect(new Set(limits.map((one) => JSON.stringify(one))).size).toBe(1)
    expect(limits[0]).toEqual([{ statement: '15s', idle: '15s', zone: 'UTC', slept: '' }])
  })

  it('would refuse the time limits as parameters of a connection', async () => {
    const client = new pg.Client({ connectionString: pooler.url, statement_timeout: 15_000 })
    await expect(client.connect()).rejects.toThrow('unsupported startup parameter')
  })
})
