import { generateKeyPairSync } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { run } from 'graphile-worker'
import { createDeps, type Deps } from '~/server/deps'
import { readServerConfig, type ServerConfig } from '~/server/platform/config'
import { recordHearing } from '~/server/webhooks/webhook-hearings.sql'
import { jobLogger } from '~/server/worker/job-tables'
import { DUE_LOOKS, jobTasks, RECONCILE_PASS } from '~/server/worker/tasks'
import { type Asked, startRestingGitHub } from '~test/support/resting-github'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

interface Rest {
  readonly repositories: number
  readonly webhooks: boolean
  readonly hours: number
  /** With a GitHub App, whose tokens last an hour: each process then gets its first answer from each address in full. */
  readonly app?: boolean
}

/**
 * What two workers ask GitHub in hours in which nothing happens, after a first minute that fills their caches. The scheduled
 * jobs are added as they are every minute (every two with webhooks, as looks are then an hour apart); only the minutes are short.
 */
export async function restHours(
  databaseUrl: string,
  { repositories, webhooks, hours, app = false }: Rest,
): Promise<Asked> {
  const github = await startRestingGitHub()
  const config = configOf(databaseUrl, github.apiUrl, webhooks, app)
  // All in the past, so that by the database's clock every job is due.
  let clock = Date.now() - (hours + 1) * HOUR_MS
  const stepMs = webhooks ? 2 * MINUTE_MS : MINUTE_MS
  const workers = [1, 2].map((): Deps => ({ ...createDeps(config), now: () => new Date(clock) }))
  const [first] = workers
  if (first === undefined) throw new Error('there is no worker')
  await insertPairs(first, repositories)
  if (webhooks) {
    for (let n = 0; n < repositories; n += 1)
      await recordHearing(first.db, {
        repository: nameOf(n),
        subjects: ['runs', 'refs'],
        event: 'push',
        at: first.now(),
      })
  }
  const runners = await Promise.all(workers.map(startRunner))
  const pass = async () => {
    for (const task of [RECONCILE_PASS, DUE_LOOKS])
      await first.db.$executeRaw`SELECT FROM graphile_worker.add_job(${task}, job_key => ${task}, max_attempts => 1)`
    await untilNoJob(first)
    clock += stepMs
  }
  try {
    await pass()
    github.take()
    for (let passed = 0; passed < hours * HOUR_MS; passed += stepMs) {
      // New tokens invalidate the ETags of the old ones.
      if (app && passed % HOUR_MS === 0) await first.db.gitHubAnswer.deleteMany()
      await pass()
    }
    return github.take()
  } finally {
    await Promise.all(runners.map((runner) => runner.stop()))
    await Promise.all(workers.map(({ db }) => db.$disconnect()))
    await github.close()
  }
}

const nameOf = (n: number) => `acme/repository-${n}`

const newKey = () =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()

const configOf = (databaseUrl: string, apiUrl: string, webhooks: boolean, app: boolean): ServerConfig =>
  readServerConfig({
    DATABASE_URL: databaseUrl,
    GITHUB_API_URL: apiUrl,
    ...(app
      ? { GITHUB_APP_ID: '1', GITHUB_APP_INSTALLATION_ID: '2', GITHUB_APP_PRIVATE_KEY: newKey() }
      : { GITHUB_DISPATCH_TOKEN: 'test-token' }),
    DEPLOY_CALLBACK_HMAC_SECRET: 'x'.repeat(32),
    AUTH_SECRET: 'x'.repeat(32),
    LOG_LEVEL: 'silent',
    ...(webhooks ? { GITHUB_WEBHOOK_SECRET: 'x'.repeat(32) } : {}),
  })

/** Two surfaces per repository, each running a different commit. */
async function insertPairs({ db, now }: Deps, repositories: number): Promise<void> {
  await db.surface.createMany({
    data: Array.from({ length: repositories * 2 }, (_, n) => ({
      id: `surface-${n}`,
      name: `Surface ${n}`,
      environment: n % 2 === 0 ? 'production' : 'staging',
      repository: nameOf(Math.floor(n / 2)),
      workflow: 'deploy.yml',
      ref: 'main',
      url: 'https://example.com',
      healthUrl: 'https://example.com/health',
      confirm: `surface-${n}`,
      timeoutMinutes: 30,
      position: n,
      runningSha: n.toString(16).padStart(40, '0'),
      runningSeenAt: now(),
    })),
  })
}

const startRunner = (deps: Deps) =>
  run({
    connectionString: deps.config.databaseUrl,
    concurrency: 4,
    noHandleSignals: true,
    taskList: jobTasks(deps),
    logger: jobLogger(deps.logger),
    pollInterval: 100,
  })

async function untilNoJob({ db }: Deps): Promise<void> {
  for (;;) {
    const rows = await db.$queryRaw<{ some: boolean }[]>`SELECT EXISTS (SELECT FROM graphile_worker.jobs) AS "some"`
    if (rows[0]?.some !== true) return
    await wait(5)
  }
}
