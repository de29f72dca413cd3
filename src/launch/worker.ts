import path from 'node:path'
import { readServerConfig } from '~/server/platform/config'
import { versionIn } from '~/server/platform/version'
import { commitOf } from './build/commit.ts'
import { localEnvironment } from './local-environment.ts'
import { within } from './machine/wait-for.ts'
import { ignoreLostOutput, onHangup } from './terminal.mjs'
import { answerHealth } from './worker-health.ts'

/** A missing database must not delay the stop. The queue later takes back jobs whose end was not recorded. */
const STOP_WITHIN_MS = 10_000

// `npm run worker`: the queue and the prober in their own process, for a server with IN_PROCESS_WORKER=off.
ignoreLostOutput()
const asked = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  onHangup(resolve)
  process.once('disconnect', () => resolve())
})
try {
  const projectDirectory = path.resolve(import.meta.dirname, '../..')
  const local = await localEnvironment(process.env, projectDirectory)
  const config = readServerConfig({ ...local, CONSOLE_COMMIT: commitOf(projectDirectory, process.env) })
  // Imported here because they need the Prisma client, which the first start generates.
  const { createDeps } = await import('~/server/deps')
  const { serveMetrics } = await import('~/server/health/serve-metrics')
  const { claimDatabaseAtStart } = await import('~/server/members/manage/claim-database')
  const { startWorker } = await import('~/server/worker/start-worker')
  const { connectThroughProxies } = await import('~/server/platform/connect-through-proxies')
  const { startTracing, TRACES_FAIL, tracing } = await import('~/server/platform/tracing')
  await connectThroughProxies(config.proxies)
  const deps = createDeps(config)
  await startTracing(config, {
    version: versionIn(projectDirectory),
    warn: (message) => deps.logger.warn({ message }, TRACES_FAIL),
  })
  await claimDatabaseAtStart(deps, () => process.exit(1))
  const worker = startWorker(deps)
  const metrics = await serveMetrics(deps)
  const closeHealth = await answerHealth(config, worker)
  process.stdout.write('The worker runs. Press Ctrl-C to finish the current jobs and stop.\n')
  await asked
  closeHealth()
  await within(
    STOP_WITHIN_MS,
    worker.stop().then(() => {
      metrics?.stop()
      return Promise.all([tracing()?.stop(), deps.db.$disconnect()])
    }),
  )
  process.exit(0)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exit(1)
}
