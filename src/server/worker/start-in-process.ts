import 'server-only'
import type { Deps } from '~/server/deps'
import { startWorker } from '~/server/worker/start-worker'

/**
 * The worker's place by default is the server process. It begins to end when the server is asked to; a job that the
 * process did not wait for is given back to the queue after a few minutes.
 */
export function startInProcess(deps: Deps): void {
  if (!deps.config.inProcessWorker) return
  const worker = startWorker(deps)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void worker.stop())
}
