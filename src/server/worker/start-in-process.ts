import 'server-only'
import { setTimeout as pause } from 'node:timers/promises'
import type { Deps } from '~/server/deps'
import { startWorker, type Worker } from '~/server/worker/start-worker'

/** Whoever stops a process (a service manager, our own launch after fifteen) kills it when it takes too long. */
const STOP_WITHIN_MS = 8_000

/** The worker's place by default is the server process, which lets the jobs under way end before it does. */
export function startInProcess(deps: Deps): void {
  if (!deps.config.inProcessWorker) return
  const worker = startWorker(deps)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) endAfter(signal, worker)
}

/**
 * Next ends the process as soon as its own requests are answered and waits for nobody else; the one setting it has for that
 * (NEXT_MANUAL_SIG_HANDLE) also takes away that it waits for requests. So its handler, registered before any code of ours
 * runs, is called when the jobs are done, or cannot be waited for any longer: those are given back to the queue after a few
 * minutes. Until then requests go on being answered.
 */
function endAfter(signal: 'SIGINT' | 'SIGTERM', worker: Worker): void {
  const others = process.rawListeners(signal)
  process.removeAllListeners(signal)
  const end = (): void => {
    for (const listener of others) Reflect.apply(listener, process, [signal])
    if (others.length === 0) process.exit()
  }
  // Kept, so that a second signal does not end what the first one waits for.
  let ending = false
  process.on(signal, () => {
    if (ending) return
    ending = true
    void Promise.race([worker.stop(), pause(STOP_WITHIN_MS)]).finally(end)
  })
}
