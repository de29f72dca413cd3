import { onHangup } from './terminal.mjs'

/** The started parts, in order. They are stopped in reverse. */
export interface Shutdown {
  /** Aborts after a signal, or when a required process has ended. */
  readonly signal: AbortSignal
  /** `force` ends the part at once. */
  readonly add: (name: string, stop: () => Promise<void> | void, force?: () => void) => void
  /** Work that the signal ends, and that has to be over before `stopAll` settles. Its failure is its caller's to report. */
  readonly waitFor: (work: Promise<unknown>) => void
  /** The names of the parts that are not stopped yet. */
  readonly started: () => readonly string[]
  readonly ask: (reason: StopReason) => void
  /** Settles with the reason to stop. */
  readonly asked: Promise<StopReason>
  readonly stopAll: () => Promise<readonly string[]>
  /** Forces all parts to end, so that `stopAll` need not wait. */
  readonly force: () => void
}

type StopReason =
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'failure'; readonly message: string }

export function createShutdown(): Shutdown {
  const controller = new AbortController()
  const started: { readonly name: string; readonly stop: () => Promise<void> | void }[] = []
  const forces: (() => void)[] = []
  const works: Promise<unknown>[] = []
  let resolve: (reason: StopReason) => void = () => undefined
  const asked = new Promise<StopReason>((settle) => {
    resolve = settle
  })
  const ask = (reason: StopReason): void => {
    resolve(reason)
    controller.abort(new Error('The start was cancelled.'))
  }
  return {
    signal: controller.signal,
    add: (name, stop, force) => {
      started.push({ name, stop })
      if (force !== undefined) forces.push(force)
    },
    waitFor: (work) => {
      works.push(work.catch(() => undefined))
    },
    started: () => started.map(({ name }) => name),
    ask,
    asked,
    async stopAll() {
      const problems: string[] = []
      await Promise.all(works)
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

/** One press of Ctrl-C arrives twice within milliseconds: from the terminal and from npm. */
const ONE_PRESS_MS = 1_000

/** Ctrl-C, a service manager or a closed terminal ask for an orderly stop. A second Ctrl-C ends everything at once. */
export function listenForSignals(shutdown: Shutdown, onForce: () => void): void {
  let first: number | undefined
  let forced = false
  onHangup(() => shutdown.ask({ kind: 'signal', signal: 'SIGHUP' }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
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

/** A `kill -9` of npm leaves its script running unseen. The script then stops by itself. */
export function endWithNpm(shutdown: Shutdown, env: NodeJS.ProcessEnv): void {
  if (env['npm_lifecycle_event'] === undefined) return
  const npm = process.ppid
  const look = (): void => {
    if (process.ppid !== npm) shutdown.ask({ kind: 'failure', message: 'npm has ended, so this start stops too.' })
  }
  setInterval(look, 1_000).unref()
}
