/** Runs once per server process, before the first request, and never during a build. */
export async function register() {
  if (process.env['NEXT_RUNTIME'] === 'nodejs') {
    const { getDeps } = await import('~/server/deps')
    const { renewSecondFactorsAtStart } = await import('~/server/auth/library/renew-second-factors')
    const { resealChannels } = await import('~/server/deliveries/delivery-channels')
    const { bindAccountsAtStart } = await import('~/server/auth/accounts.sql')
    const { claimDatabaseAtStart } = await import('~/server/members/manage/claim-database')
    const { openFront } = await import('~/server/front')
    const { connectThroughProxies } = await import('~/server/platform/connect-through-proxies')
    const { startTracing, TRACES_FAIL } = await import('~/server/platform/tracing')
    const { versionIn } = await import('~/server/platform/version')
    const { answerTrpc, trpcProcedures } = await import('~/server/trpc/answer-trpc')
    refuseConfiguration(getDeps)
    const { config, logger } = getDeps()
    await connectThroughProxies(config.proxies)
    await startTracing(config, { version: versionIn(), warn: (message) => logger.warn({ message }, TRACES_FAIL) })
    // Before a request or the worker uses the database.
    await claimDatabaseAtStart(getDeps(), () => process.exit(1))
    openFront(getDeps(), { answer: answerTrpc, procedures: trpcProcedures })
    // Not awaited: values encrypted with an older secret stay readable meanwhile.
    void renewSecondFactorsAtStart(getDeps(), resealChannels)
    // Not awaited: sign-in also binds accounts before it looks one up.
    void bindAccountsAtStart(getDeps())
  }
}

/** An invalid configuration is said in its own words, without a stack, and ends the process. */
function refuseConfiguration(read: () => unknown): void {
  try {
    read()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exit(1)
  }
}
