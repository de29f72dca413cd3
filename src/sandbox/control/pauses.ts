/**
 * Steps before which a run waits until they are resumed. A test or a demonstration can look at a deploy in the middle, however
 * fast the machine is. Pauses live in memory only: a restart resumes them.
 */
export interface Pauses {
  readonly pause: (step: string) => void
  readonly resume: (step: string) => void
  readonly paused: () => readonly string[]
  /** Settles at once if the step is not paused, otherwise when the step is resumed or the signal aborts. */
  readonly pass: (step: string, signal: AbortSignal) => Promise<void>
}

export const createPauses = (): Pauses => {
  const pauses = new Map<string, { readonly gate: Promise<void>; readonly open: () => void }>()
  return {
    pause: (step) => {
      if (pauses.has(step)) return
      let open = (): void => undefined
      const gate = new Promise<void>((resolve) => {
        open = resolve
      })
      pauses.set(step, { gate, open })
    },
    resume: (step) => {
      pauses.get(step)?.open()
      pauses.delete(step)
    },
    paused: () => [...pauses.keys()],
    pass: (step, signal) => {
      const gate = pauses.get(step)?.gate
      if (gate === undefined || signal.aborted) return Promise.resolve()
      const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
      return Promise.race([gate, aborted])
    },
  }
}
