import 'server-only'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { incomingMessageToRequest } from '@trpc/server/adapters/node-http'
import type { Deps } from '~/server/deps'
import { serveMetrics } from '~/server/health/serve-metrics'
import { createGuard, type Guard } from '~/server/platform/http/guard'
import { createReceiver, type Receive } from '~/server/platform/http/receive-request'
import { tracing } from '~/server/platform/tracing'
import { startWorker } from '~/server/worker/start-worker'

/** The part of the built server that src/launch/serve.mjs runs in front of Next. */
export interface Front {
  readonly guard: Guard
  readonly receive: Receive
  /** Whether `stream` answers this request, instead of Next. */
  readonly streams: (request: IncomingMessage) => boolean
  /** Settles when the stream has ended on either side. */
  readonly stream: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  /** From now on the server is not ready and starts no new job. Settles after DRAIN_SECONDS, or when the signal aborts. */
  readonly drain: (signal: AbortSignal) => Promise<void>
  /** Ends the streams, and settles when the running jobs are done. */
  readonly stop: () => Promise<void>
}

declare global {
  var deployConsoleOpened: ((front: Front) => void) | undefined
}

const STREAMS = '/api/trpc/live.watch'
const isStream = ({ method, url }: IncomingMessage): boolean => method === 'GET' && url?.split('?')[0] === STREAMS

/** tRPC's wiring, which this layer does not import. `answer` also answers streams. */
export interface Trpc {
  readonly answer: (request: Request) => Promise<Response>
  readonly procedures: ReadonlySet<string>
}

/** After a drain, streams end at different times within this time, so that their windows do not all reconnect at once. */
const STREAMS_END_WITHIN_MS = 2_000

/** Starts the worker and the metrics, and gives the front to the HTTP server, which is outside the build. */
export function openFront(deps: Deps, trpc: Trpc): void {
  const worker = deps.config.inProcessWorker ? startWorker(deps) : null
  const metrics = serveMetrics(deps)
  const drainMs = deps.config.drainSeconds * 1_000
  let jobsDone: Promise<void> | undefined
  globalThis.deployConsoleOpened?.({
    guard: createGuard(deps.config),
    receive: createReceiver(deps, trpc.procedures),
    streams: isStream,
    stream: (request, response) => stream(trpc.answer, request, response),
    drain: async (signal) => {
      deps.readiness.drain()
      jobsDone = worker?.stop()
      await pause(drainMs, undefined, { signal }).catch(() => undefined)
    },
    stop: async () => {
      deps.live.stop(Math.min(drainMs, STREAMS_END_WITHIN_MS))
      await jobsDone
      // Last, so that a scrape can see the end of the jobs.
      ;(await metrics)?.stop()
      await tracing()?.stop()
    },
  })
}

async function stream(
  answerTrpc: (request: Request) => Promise<Response>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = await answerTrpc(incomingMessageToRequest(request, response, { maxBodySize: null }))
  response.writeHead(answer.status, {
    ...Object.fromEntries(answer.headers),
    // `no-transform`, because a proxy that compresses the stream would delay events.
    'cache-control': 'no-store, no-transform',
  })
  const reader = answer.body?.getReader()
  // Most streams end because the window was closed.
  const gone = new AbortController()
  response.once('close', () => {
    gone.abort()
    void reader?.cancel().catch(() => undefined)
  })
  // Not `pipeline`, whose Node stream takes 140 kB for each window.
  try {
    for (let read = await reader?.read(); read?.done === false; read = await reader?.read()) {
      if (!response.write(read.value)) await once(response, 'drain', gone)
    }
  } catch {}
  response.end()
}
