/** Asks again and again until the answer is not undefined; undefined when the time is over. For what sends no event. */
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

/** What a promise gives, or undefined when it takes longer. */
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
