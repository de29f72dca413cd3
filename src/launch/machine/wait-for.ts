/** Polls until the answer is not undefined. Gives undefined after the time limit. */
export async function waitFor<T>(
  ask: () => T | undefined | Promise<T | undefined>,
  limits: { readonly withinMs: number; readonly everyMs?: number },
): Promise<T | undefined> {
  const end = performance.now() + limits.withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() >= end) return undefined
    await new Promise((resolve) => setTimeout(resolve, limits.everyMs ?? 50))
  }
}

/** The result of a promise, or undefined after a time limit. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms)
  })
  try {
    return await Promise.race([work, over])
  } finally {
    clearTimeout(timer)
  }
}
