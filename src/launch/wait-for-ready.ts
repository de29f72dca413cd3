import type { SupervisedProcess } from './supervised-process.ts'

interface Limits {
  readonly signal: AbortSignal
  readonly withinMs: number
}

/** Waits for a process to say that it is ready. Throws when it ends first, is too slow, or the start is broken off. */
export async function waitForReady<T>(
  supervised: SupervisedProcess,
  { signal, withinMs }: Limits,
  listen: (settle: (value: T) => void, fail: (error: unknown) => void) => void,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<T>((resolve, reject) => {
      if (signal.aborted) reject(signal.reason)
      listen(resolve, reject)
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      void supervised.exited.then(({ how }) =>
        reject(new Error(`The ${supervised.name} ended before it was ready (${how}).`)),
      )
      timer = setTimeout(
        () => reject(new Error(`The ${supervised.name} was not ready after ${Math.round(withinMs / 1000)} s.`)),
        withinMs,
      )
    })
  } finally {
    clearTimeout(timer)
  }
}
