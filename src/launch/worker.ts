import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { readConfig, readServerConfig } from '~/server/platform/config'
import { databaseName, runningDatabaseUrl } from './database/embedded-postgres.ts'
import { within } from './machine/wait-for.ts'
import { agreeOnSecrets, generatedSecrets } from './secrets.ts'

const sandbox = z.object({ url: z.string(), token: z.string() })

/**
 * The environment of a program beside `npm start` on the same machine. Values that are not configured come from that start:
 * the embedded database, the generated secrets and the sandbox.
 */
async function localEnvironment(env: NodeJS.ProcessEnv, projectDirectory: string): Promise<NodeJS.ProcessEnv> {
  const config = readConfig(env)
  const dataDir = path.resolve(projectDirectory, config.dataDir)
  const local: NodeJS.ProcessEnv = { ...env, DATA_DIR: dataDir }
  const databaseUrl =
    config.databaseUrl ?? (await runningDatabaseUrl(path.join(dataDir, 'postgres'), databaseName(config)))
  if (databaseUrl !== undefined) {
    const { auth, callback } = await agreeOnSecrets({ config, dataDir, databaseUrl })
    Object.assign(local, {
      DATABASE_URL: databaseUrl,
      AUTH_SECRET: auth.join(','),
      DEPLOY_CALLBACK_HMAC_SECRET: callback.join(','),
    })
  }
  const listening = path.join(dataDir, 'sandbox/sandbox.json')
  if (config.githubCredentials === undefined && existsSync(listening)) {
    const { url, token } = sandbox.parse(JSON.parse(readFileSync(listening, 'utf8')))
    Object.assign(local, { GITHUB_API_URL: `${url}/api/v3`, GITHUB_DISPATCH_TOKEN: token, SANDBOX_URL: url })
    if (config.githubWebhookSecrets.length === 0) {
      local['GITHUB_WEBHOOK_SECRET'] = generatedSecrets(dataDir).sandboxWebhook
    }
  }
  return local
}

/** A missing database must not delay the stop. The queue later takes back jobs whose end was not recorded. */
const STOP_WITHIN_MS = 10_000

// `npm run worker`: the queue and the prober in their own process, for a server with IN_PROCESS_WORKER=off.
const asked = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
  process.once('disconnect', () => resolve())
})
try {
  const projectDirectory = path.resolve(import.meta.dirname, '../..')
  const config = readServerConfig(await localEnvironment(process.env, projectDirectory))
  // Imported here because they need the Prisma client, which the first start generates.
  const { createDeps } = await import('~/server/deps')
  const { claimDatabaseAtStart } = await import('~/server/members/manage/claim-database')
  const { startWorker } = await import('~/server/worker/start-worker')
  const deps = createDeps(config)
  await claimDatabaseAtStart(deps, () => process.exit(1))
  const worker = startWorker(deps)
  process.stdout.write('The worker runs. Press Ctrl-C to finish the current jobs and stop.\n')
  await asked
  await within(
    STOP_WITHIN_MS,
    worker.stop().then(() => deps.db.$disconnect()),
  )
  process.exit(0)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exit(1)
}
