/**
 * Steps at which a run waits until they are released. A test or a demonstration can look at a deploy in the middle, however
 * fast the machine is. Holds live in memory only: a restart releases them.
 */
export interface Holds {
  readonly hold: (step: string) => void
  readonly release: (step: string) => void
  readonly held: () => readonly string[]
  /** Settles at once if the step is not held, otherwise when the step is released or the signal aborts. */
  readonly pass: (step: string, signal: AbortSignal) => Promise<void>
}

export const createHolds = (): Holds => {
  const holds = new Map<string, { readonly gate: Promise<void>; readonly open: () => void }>()
  return {
    hold: (step) => {
      if (holds.has(step)) return
      let open = (): void => undefined
      const gate = new Promise<void>((resolve) => {
        open = resolve
      })
      holds.set(step, { gate, open })
    },
    release: (step) => {
      holds.get(step)?.open()
      holds.delete(step)
    },
    held: () => [...holds.keys()],
    pass: (step, signal) => {
      const gate = holds.get(step)?.gate
      if (gate === undefined || signal.aborted) return Promise.resolve()
      const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
      return Promise.race([gate, aborted])
    },
  }
}
