import 'server-only'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { collectDefaultMetrics } from 'prom-client'
import type { Deps } from '~/server/deps'
import { observeProcess } from '~/server/health/observe-process'
import { observeStoredFigures } from '~/server/health/observe-stored-figures'
import { readStoredFigures } from '~/server/health/stored-figures.sql'
import { poolStateOf } from '~/server/platform/database'
import { versionIn } from '~/server/platform/version'

export interface MetricsServer {
  readonly stop: () => void
}

/**
 * Serves `GET /metrics` on METRICS_PORT, for the server and for each worker. A port that is taken is logged and ends nothing, because
 * deploys matter more than figures about them. Null if METRICS_PORT is not set.
 */
export async function serveMetrics(
  deps: Pick<Deps, 'config' | 'db' | 'github' | 'live' | 'logger' | 'metrics' | 'now'>,
): Promise<MetricsServer | null> {
  const { metricsHost: host, metricsPort: port } = deps.config
  if (port === undefined) return null
  const { registry } = deps.metrics
  collectDefaultMetrics({ register: registry })
  observeProcess(registry, {
    rateLimit: deps.github.rateLimit,
    pool: () => poolStateOf(deps.db),
    openStreams: deps.live.openStreams,
    now: deps.now,
    version: versionIn(),
    commit: deps.config.commit,
  })
  observeStoredFigures(registry, () => readStoredFigures(deps.db))
  const server = createServer(async (request, response) => {
    const isScrape = request.url?.split('?')[0] === '/metrics'
    if (!isScrape || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(isScrape ? 405 : 404, { 'content-type': 'text/plain' }).end('Only GET /metrics is answered.\n')
      return
    }
    try {
      const text = await registry.metrics()
      response.writeHead(200, { 'content-type': registry.contentType, 'cache-control': 'no-store' }).end(text)
    } catch (err) {
      deps.logger.error({ err }, 'the metrics could not be read')
      response.writeHead(500, { 'content-type': 'text/plain' }).end('The metrics could not be read.\n')
    }
  })
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (err) {
    deps.logger.error({ err, host, port }, 'the metrics are not served: METRICS_PORT cannot be listened on')
    return null
  }
  // A scraper keeps its connection open, which must not delay the end of the process.
  server.unref()
  server.on('error', (err) => deps.logger.error({ err }, 'the server of the metrics failed'))
  return {
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
