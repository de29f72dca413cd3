import path from 'node:path'
import { readServerConfig } from '~/server/config'
import { localEnvironment } from './local-environment.ts'

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
  await worker.stop()
  await deps.db.$disconnect()
  process.exit(0)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exit(1)
}
