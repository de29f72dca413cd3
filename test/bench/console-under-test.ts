import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { productionBuild } from '~/launch/build/production-build'
import { generateClient } from '~/launch/database/database-schema'
import { startEmbeddedPostgres } from '~/launch/database/embedded-postgres'
import { prepareDatabase } from '~/launch/database/prepare-database'
import { connectDatabase } from '~/server/platform/database'
import { startSlowGitHub } from '~test/bench/slow-github'
import { startBuiltServer } from '~test/support/built-server'
import { signedInAs } from '~test/support/sessions'

const projectDirectory = path.resolve(import.meta.dirname, '../..')

export interface ConsoleUnderTest {
  readonly url: string
  readonly pid: number
  readonly databaseUrl: string
  readonly gitHubOrigin: string
  readonly callbackSecret: string
  readonly webhookSecret: string
  readonly requestsAbout: (runId: string) => number
  readonly firstRequestAbout: (runId: string, waitMs: number) => Promise<number>
  readonly authSecret: string
  /** The session cookie of an operator. */
  readonly cookie: string
  readonly stop: () => Promise<void>
}

/** The built product with a database of its own that has the durable settings of `npm start`, and a GitHub that takes 50 ms. */
export async function startConsoleUnderTest(
  say: (text: string) => void,
  serverEnvironment: Readonly<Record<string, string>> = {},
): Promise<ConsoleUnderTest> {
  const directory = mkdtempSync(path.join(tmpdir(), 'deploy-console-bench-'))
  const { signal } = new AbortController()
  const env: NodeJS.ProcessEnv = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' }
  await generateClient({ projectDirectory, env, signal })
  const build = productionBuild(projectDirectory)
  if (!build.fits) {
    say('building for production …')
    await build.make(env, signal)
  }
  await build.compress()
  const data = path.join(directory, 'postgres')
  mkdirSync(data, { mode: 0o700 })
  const database = await startEmbeddedPostgres(data, 'console', { logFile: path.join(directory, 'postgres.log') })
  const gitHub = await startSlowGitHub()
  await prepareDatabase(database, { migrations: path.join(projectDirectory, 'prisma/migrations'), logLevel: 'silent' })
  const surfaces = path.join(directory, 'surfaces.yaml')
  writeFileSync(surfaces, 'surfaces: []\n')
  const callbackSecret = `whsec_${randomBytes(32).toString('base64')}`
  const authSecret = randomBytes(32).toString('base64')
  const webhookSecret = randomBytes(32).toString('hex')
  const server = await startBuiltServer({
    DATABASE_URL: database.url,
    DATA_DIR: path.join(directory, 'data'),
    SURFACES_FILE: surfaces,
    GITHUB_API_URL: `${gitHub.origin}/api/v3`,
    GITHUB_DISPATCH_TOKEN: 'bench-token',
    DEPLOY_CALLBACK_HMAC_SECRET: callbackSecret,
    GITHUB_WEBHOOK_SECRET: webhookSecret,
    // One account sends a thousand requests a second. Signed callbacks have no limit.
    RATE_LIMIT_PER_MINUTE: 'off',
    AUTH_SECRET: authSecret,
    ...serverEnvironment,
  })
  return {
    url: server.url,
    pid: server.pid,
    databaseUrl: database.ownerUrl,
    gitHubOrigin: gitHub.origin,
    callbackSecret,
    webhookSecret,
    requestsAbout: gitHub.requestsAbout,
    firstRequestAbout: gitHub.firstRequestAbout,
    authSecret,
    cookie: await operatorCookie(database.url, authSecret),
    stop: async () => {
      await server.stop()
      await gitHub.stop()
      await database.stop()
      rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

async function operatorCookie(databaseUrl: string, authSecret: string): Promise<string> {
  const db = connectDatabase(databaseUrl)
  try {
    return await signedInAs({ db, newId: () => randomUUID(), config: { authSecrets: [authSecret] } })
  } finally {
    await db.$disconnect()
  }
}
