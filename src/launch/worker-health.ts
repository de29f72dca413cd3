import { createServer } from 'node:http'
import type { Config } from '~/server/platform/config'
import { isSocketPath } from '~/server/platform/network-settings'
import type { Worker } from '~/server/worker/start-worker'

/**
 * Answers `GET /api/health` and `GET /api/health/ready` of a worker on WORKER_HEALTH_PORT, as a server does. A worker is ready while the
 * database records its heartbeats. Returns a function that stops listening.
 */
export async function answerHealth(
  { host, workerHealthPort: port }: Pick<Config, 'host' | 'workerHealthPort'>,
  worker: Pick<Worker, 'isSeen'>,
): Promise<() => void> {
  if (port === undefined) return () => undefined
  const server = createServer((request, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      response.end(JSON.stringify(body))
    }
    if (request.url === '/api/health') return answer(200, { status: 'live' })
    if (request.url !== '/api/health/ready') return answer(404, { status: 'not found' })
    const ready = worker.isSeen()
    answer(ready ? 200 : 503, { ready, heartbeat: ready ? 'recorded' : 'not recorded in the last minute' })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new Error(`The health checks of the worker cannot be answered: ${error.message}. Change WORKER_HEALTH_PORT.`),
      ),
    )
    // A worker serves no pages, so it has no socket of its own.
    server.listen(port, isSocketPath(host) ? '127.0.0.1' : host, resolve)
  })
  return () => server.close()
}
