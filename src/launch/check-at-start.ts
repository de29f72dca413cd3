import { readServerConfig } from '~/server/platform/config'
import type { Progress } from './progress.ts'

interface Start {
  /** The environment of the server. */
  readonly env: NodeJS.ProcessEnv
  /** The surfaces whose declaration is new or has changed. */
  readonly ids: readonly string[]
  readonly progress: Pick<Progress, 'warn' | 'note'>
  readonly signal: AbortSignal
}

/** Checks surfaces one after the other, beside the running console, and prints a line for each that has something broken. Never throws. */
export async function checkAtStart({ env, ids, progress, signal }: Start): Promise<void> {
  if (ids.length === 0) return
  try {
    const { createDeps } = await import('~/server/deps')
    const { connectThroughProxies } = await import('~/server/platform/connect-through-proxies')
    const { checkSurface } = await import('~/server/surfaces/check/check-surface')
    const config = readServerConfig(env)
    await connectThroughProxies(config.proxies)
    const deps = createDeps({ ...config, logLevel: 'silent' })
    try {
      for (const id of ids) {
        const isScarce = deps.github.rateLimit.pausedUntil(new Date(), 'background') !== null
        if (signal.aborted || isScarce) return
        const { lines } = await checkSurface(deps, id)
        const [first, ...others] = lines.filter(({ state }) => state === 'broken')
        if (first === undefined) continue
        const more = others.length === 0 ? '' : ` And ${others.length} more.`
        progress.warn(`${id}: ${first.found}${more} "npm run console -- check ${id}" says what to do.`)
      }
    } finally {
      await deps.github.usage.flush()
      await deps.db.$disconnect()
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    progress.note(`The surfaces were not checked: ${why}. "npm run console -- check" checks them.`)
  }
}
