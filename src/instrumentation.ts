/** Runs once per server process, before the first request; never during a build. Next inlines NEXT_RUNTIME. */
export async function register() {
  if (process.env['NEXT_RUNTIME'] === 'nodejs') {
    const { getDeps } = await import('~/server/deps')
    const { guardRequests } = await import('~/server/http/guard-requests')
    const { startInProcess } = await import('~/server/worker/start-in-process')
    guardRequests(getDeps().config)
    startInProcess(getDeps())
  }
}
