/** What was started, in order, so that it can be stopped the other way round. */
export interface Shutdown {
  /** Aborts when a signal asked to stop, or something that must run has ended. */
  readonly signal: AbortSignal
  readonly add: (name: string, stop: () => Promise<void> | void) => void
  /** Names of what was added and is not stopped yet. */
  readonly started: () => readonly string[]
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
  }
}

/** Ctrl-C, a service manager's stop, a closed terminal: all of them ask for the same orderly end. */
export function listenForSignals(shutdown: Shutdown): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => shutdown.ask({ kind: 'signal', signal }))
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
