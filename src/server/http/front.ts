import 'server-only'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Deps } from '~/server/deps'
import { createGuard, type Guard } from '~/server/http/guard'
import { startWorker } from '~/server/worker/start-worker'

/** What our own HTTP server (src/launch/serve.mjs) does itself, and leaves to Next for the rest. */
export interface Front {
  readonly guard: Guard
  /** Whether `stream` answers this request instead of Next. */
  readonly streams: (request: IncomingMessage) => boolean
  readonly stream: (request: IncomingMessage, response: ServerResponse) => void
  /** Settles when streams are ended and the jobs under way are done. */
  readonly stop: () => Promise<void>
}

const shared = globalThis as typeof globalThis & { deployConsoleOpened?: (front: Front) => void }

/** Hands it to the HTTP server, which is no part of the build. */
export function openFront(deps: Deps): void {
  const worker = deps.config.inProcessWorker ? startWorker(deps) : null
  shared.deployConsoleOpened?.({
    guard: createGuard(deps.config),
    streams: () => false,
    stream: () => undefined,
    stop: async () => {
      await worker?.stop()
    },
  })
}
