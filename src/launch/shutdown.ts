/** What was started, in order, so that it can be stopped the other way round. */
export interface Shutdown {
  /** Aborts when a signal asked to stop, or something that must run has ended. */
  readonly signal: AbortSignal
  readonly add: (name: string, stop: () => Promise<void> | void) => void
  readonly ask: (reason: StopReason) => void
  /** Why we stop, as soon as we do. */
  readonly asked: Promise<StopReason>
  readonly stopAll: () => Promise<readonly string[]>
}

type StopReason =
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'failure'; readonly message: string }

export function createShutdown(): Shutdown {
  const controller = new AbortController()
  const started: { readonly name: string; readonly stop: () => Promise<void> | void }[] = []
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
    add: (name, stop) => started.push({ name, stop }),
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
  }
}

/** Ctrl-C, a service manager's stop, a closed terminal: all of them ask for the same orderly end. */
export function listenForSignals(shutdown: Shutdown): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => shutdown.ask({ kind: 'signal', signal }))
  }
}
