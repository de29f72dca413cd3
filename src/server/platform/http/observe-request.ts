import 'server-only'
import { type IncomingMessage, METHODS, type ServerResponse } from 'node:http'
import { routeOf } from '~/server/platform/http/route-patterns'
import type { Metrics } from '~/server/platform/metrics'

/** Counts each request by route, method and status class, and measures the time until its answer has ended. */
export function createRequestObserver(
  { httpRequests, httpSeconds }: Pick<Metrics, 'httpRequests' | 'httpSeconds'>,
  procedures: ReadonlySet<string>,
) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const startedAt = performance.now()
    // The guard changes the target and the method.
    const [target, method] = [request.url ?? '/', request.method ?? '']
    response.once('close', () => {
      const route = routeOf(target, procedures)
      const isAnswered = response.writableFinished
      httpRequests.inc({
        route,
        method: METHODS.includes(method) ? method : 'other',
        class: isAnswered ? `${Math.floor(response.statusCode / 100)}xx` : 'aborted',
      })
      const isStream = response.getHeader('content-type')?.toString().startsWith('text/event-stream') === true
      if (isAnswered && !isStream) httpSeconds.observe({ route }, (performance.now() - startedAt) / 1_000)
    })
  }
}
