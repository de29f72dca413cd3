/** Runs once per server process, before the first request; never during a build. Next inlines NEXT_RUNTIME. */
export async function register() {
  if (process.env['NEXT_RUNTIME'] === 'nodejs') {
    const { getDeps } = await import('~/server/deps')
    const { renewSecondFactorsAtStart } = await import('~/server/auth/library/renew-second-factors')
    const { renewChannels } = await import('~/server/deliveries/sealed-channel')
    const { bindAccountsAtStart } = await import('~/server/auth/providers/bind-accounts')
    const { claimDatabaseAtStart } = await import('~/server/people/claim-database')
    const { openFront } = await import('~/server/front')
    const { answerTrpc } = await import('~/server/trpc/answer-trpc')
    openFront(getDeps(), answerTrpc)
    void claimDatabaseAtStart(getDeps()).catch(() => process.exit(1))
    // Nobody waits for it: what is kept under an older secret can be read meanwhile.
    void renewSecondFactorsAtStart(getDeps(), renewChannels)
    // Sign-in binds them, too, before it looks an account up.
    void bindAccountsAtStart(getDeps())
  }
}
