import 'server-only'
import { type IncomingMessage, METHODS, type ServerResponse } from 'node:http'
import { REQUEST_ID_HEADER } from '~/server/platform/http/guard'
import { isPolled, routeOf } from '~/server/platform/http/route-patterns'
import { inLogContext } from '~/server/platform/log-context'
import type { Logger } from '~/server/platform/logger'
import type { Metrics } from '~/server/platform/metrics'

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
    response.once('close', () => {
      const route = routeOf(target, procedures)
      const isAnswered = response.writableFinished
      const ms = performance.now() - startedAt
      httpRequests.inc({
        route,
        method: METHODS.includes(method) ? method : 'other',
        class: isAnswered ? `${Math.floor(response.statusCode / 100)}xx` : 'aborted',
      })
      const isStream = response.getHeader('content-type')?.toString().startsWith('text/event-stream') === true
      if (isAnswered && !isStream) httpSeconds.observe({ route }, ms / 1_000)
      const line = {
        requestId,
        method,
        route,
        status: isAnswered ? response.statusCode : null,
        ms: Math.round(ms),
        // The guard has written the client's address here.
        address: request.headers['x-forwarded-for'],
      }
      if (isPolled(method, route)) logger.debug(line, 'request')
      else logger.info(line, 'request')
    })
    inLogContext({ requestId }, answer)
  }
}
