/** Runs once per server process, before the first request; never during a build. Next inlines NEXT_RUNTIME. */
export async function register() {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { getDeps } = await import('~/server/deps')
  const { startProber } = await import('~/server/worker/prober')
  startProber(getDeps())
}
