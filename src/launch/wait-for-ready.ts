import type { SupervisedProcess } from './supervised-process.ts'

const READY_WITHIN_MS = 120_000

/** Waits for a process to say that it is ready. Throws when it ends first, is too slow, or the start is broken off. */
export async function waitForReady<T>(
  supervised: SupervisedProcess,
  signal: AbortSignal,
  listen: (settle: (value: T) => void) => void,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<T>((resolve, reject) => {
      if (signal.aborted) reject(signal.reason)
      listen(resolve)
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      void supervised.exited.then(({ how, tail }) =>
        reject(new Error(`The ${supervised.name} ended before it was ready (${how}):\n${tail.join('\n')}`)),
      )
      timer = setTimeout(
        () => reject(new Error(`The ${supervised.name} was not ready after ${READY_WITHIN_MS / 1000} s. See its log.`)),
        READY_WITHIN_MS,
      )
    })
  } finally {
    clearTimeout(timer)
  }
}
