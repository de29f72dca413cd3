import path from 'node:path'
import { readServerConfig } from '~/server/platform/config'
import { localEnvironment } from './local-environment.ts'
import { within } from './process/wait-for.ts'

/** A database that is away would hold it up: what is not recorded by then is given back to the queue later. */
const STOP_WITHIN_MS = 10_000

// `npm run worker`: the queue and the prober in a process of their own, for a server that runs with IN_PROCESS_WORKER=off.
const asked = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
  process.once('disconnect', () => resolve())
})
try {
  const projectDirectory = path.resolve(import.meta.dirname, '../..')
  const config = readServerConfig(await localEnvironment(process.env, projectDirectory))
  // Only now: these need the generated Prisma client, which the first start of the server makes.
  const { createDeps } = await import('~/server/deps')
  const { startWorker } = await import('~/server/worker/start-worker')
  const deps = createDeps(config)
  const worker = startWorker(deps)
  process.stdout.write('The worker runs. Ctrl-C lets the jobs under way end, then stops it.\n')
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
