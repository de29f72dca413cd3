/** What was started, in order, so that it can be stopped the other way round. */
export interface Shutdown {
  /** Aborts when a signal asked to stop, or something that must run has ended. */
  readonly signal: AbortSignal
  /** `force`: ends it without waiting for anything, for somebody who will not wait. */
  readonly add: (name: string, stop: () => Promise<void> | void, force?: () => void) => void
  /** Names of what was added and is not stopped yet. */
  readonly started: () => readonly string[]
  readonly ask: (reason: StopReason) => void
  /** Why we stop, as soon as we do. */
  readonly asked: Promise<StopReason>
  readonly stopAll: () => Promise<readonly string[]>
  /** What is still being stopped is forced to end; `stopAll` then has nothing left to wait for. */
  readonly force: () => void
}

type StopReason =
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'failure'; readonly message: string }

export function createShutdown(): Shutdown {
  const controller = new AbortController()
  const started: { readonly name: string; readonly stop: () => Promise<void> | void }[] = []
  const forces: (() => void)[] = []
  let resolve: (reason: StopReason) => void = () => undefined
  const asked = new Promise<StopReason>((settle) => {
    resolve = settle
  })
  const ask = (reason: StopReason): void => {
    resolve(reason)
    controller.abort(new Error('The start was broken off.'))
  }
  return {
    signal: controller.signal,
    add: (name, stop, force) => {
      started.push({ name, stop })
      if (force !== undefined) forces.push(force)
    },
    started: () => started.map(({ name }) => name),
    ask,
    asked,
    async stopAll() {
      const problems: string[] = []
      for (let last = started.pop(); last !== undefined; last = started.pop()) {
        try {
          await last.stop()
        } catch (error) {
          problems.push(`${last.name} did not stop: ${error instanceof Error ? error.message : error}`)
        }
      }
      return problems
    },
    force: () => {
      for (const force of forces) force()
    },
  }
}

/** One press of Ctrl-C comes twice when npm passes it on to us beside the terminal, within milliseconds. */
const ONE_PRESS_MS = 1_000

/**
 * Ctrl-C, a service manager's stop, a closed terminal: all of them ask for the same orderly end. Another Ctrl-C says that it
 * takes too long.
 */
export function listenForSignals(shutdown: Shutdown, onForce: () => void): void {
  let first: number | undefined
  let forced = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      shutdown.ask({ kind: 'signal', signal })
      first ??= performance.now()
      if (forced || signal !== 'SIGINT' || performance.now() - first < ONE_PRESS_MS) return
      forced = true
      onForce()
      shutdown.force()
    })
  }
}

/** `kill -9` of npm leaves its script running, which nobody sees any more: then it ends like after a closed terminal. */
export function endWithNpm(shutdown: Shutdown, env: NodeJS.ProcessEnv): void {
  if (env['npm_lifecycle_event'] === undefined) return
  const npm = process.ppid
  const look = (): void => {
    if (process.ppid !== npm) shutdown.ask({ kind: 'failure', message: 'npm, which ran this, is gone.' })
  }
  setInterval(look, 1_000).unref()
}
