import 'server-only'
import { type IncomingMessage, METHODS, type ServerResponse } from 'node:http'
import { REQUEST_ID_HEADER } from '~/server/platform/http/guard'
import { isPolled, routeOf } from '~/server/platform/http/route-patterns'
import { inLogContext } from '~/server/platform/log-context'
import type { Logger } from '~/server/platform/logger'
import type { Metrics } from '~/server/platform/metrics'
import { tracing } from '~/server/platform/tracing'

/** Answers a request that passed the guard. */
export type Receive = (request: IncomingMessage, response: ServerResponse, answer: () => void) => void

/**
 * Counts and measures each request, and writes one access line when its answer has ended. The line names the route pattern instead of the
 * address, because an address can hold the secret of a link. Everything that the answer starts logs with the id of the request.
 */
export function createReceiver(
  { logger, metrics: { httpRequests, httpSeconds } }: { readonly logger: Logger; readonly metrics: Metrics },
  procedures: ReadonlySet<string>,
): Receive {
  return (request, response, answer) => {
    const startedAt = performance.now()
    const requestId = `${request.headers[REQUEST_ID_HEADER]}`
    const [target, method] = [request.url ?? '/', request.method ?? '']
    const route = routeOf(target, procedures)
    const span = tracing()?.begin(`${method} ${route}`, {
      kind: 'server',
      headers: request.headers,
      attributes: { 'http.request.method': method, 'http.route': route, 'deploy_console.request_id': requestId },
    })
    const within = <Result>(work: () => Result): Result =>
      inLogContext({ requestId }, () => (span === undefined ? work() : span.run(work)))
    response.once('close', () => {
      const isAnswered = response.writableFinished
      const statusClass = isAnswered ? `${Math.floor(response.statusCode / 100)}xx` : 'aborted'
      const ms = performance.now() - startedAt
      httpRequests.inc({
        route,
        method: METHODS.includes(method) ? method : 'other',
        class: statusClass,
      })
      const isStream = response.getHeader('content-type')?.toString().startsWith('text/event-stream') === true
      if (isAnswered && !isStream) httpSeconds.observe({ route }, ms / 1_000)
      const line = {
        method,
        route,
        status: isAnswered ? response.statusCode : null,
        ms: Math.round(ms),
        // The guard has written the client's address here.
        address: request.headers['x-forwarded-for'],
      }
      within(() => (isPolled(method, route) ? logger.debug(line, 'request') : logger.info(line, 'request')))
      span?.end({ 'http.response.status_code': response.statusCode }, statusClass === '5xx')
    })
    within(answer)
  }
}
