import 'server-only'
import { defineRequestState } from '@better-auth/core/context'
import type { BetterAuthPlugin } from 'better-auth'
import { addOAuthServerContext, createAuthMiddleware, getOAuthState } from 'better-auth/api'
import { addressDigest } from '~/server/auth/sign-in/sign-in-attempts.sql'
import { recordFailedSignIn, recordRefusedConnection } from '~/server/auth/sign-in/sign-in-audit'
import type { Deps } from '~/server/deps'
import { readAddress } from '~/server/members/members'

/** The time of a proof whose time is unknown, which is never fresh. */
export const NEVER = new Date(0)

export interface ProvedIdentity {
  /** Issuer and subject. */
  readonly accountKey: string
  readonly email: string
  readonly provedAt: Date
}

interface ProviderReturn {
  readonly identity: ProvedIdentity | null
  /** The console's own reason to refuse. */
  readonly refusal: string | null
}

/** The results of the return that is being answered. */
export const providerReturn = defineRequestState<ProviderReturn>(() => ({ identity: null, refusal: null }))

/** The page of a return whose sign-in is unknown. */
export const FAILED_RETURN_PAGE = '/sign-in'

/** Refusals of a proved identity that may be an attempt to take over an account. */
const REFUSED_TAKEOVERS: ReadonlySet<string> = new Set(['account_not_linked', 'subject_mismatch'])

/** Notes in the server's state that this sign-in is to be a fresh proof. */
export const requestProof = () => addOAuthServerContext({ askedForProof: true })

export const isProofRequested = async (): Promise<boolean> =>
  (await getOAuthState())?.serverContext?.['askedForProof'] === true

/** Makes every return from a provider end on a page, and audits attempts to take over an account. */
export function providerReturns(deps: Pick<Deps, 'db' | 'now' | 'config'>): BetterAuthPlugin {
  return {
    id: 'console-provider-return',
    hooks: {
      before: [
        {
          // A repeated parameter is refused (RFC 6749, 3.1). The library would answer with JSON, not a page.
          matcher: ({ path, query }) => path === '/callback/:id' && Object.values(query ?? {}).some(Array.isArray),
          handler: createAuthMiddleware(async (ctx) => {
            throw ctx.redirect(`${FAILED_RETURN_PAGE}?error=invalid_callback_request`)
          }),
        },
      ],
      after: [
        {
          matcher: ({ path }) => path === '/callback/:id',
          handler: createAuthMiddleware(async (ctx) => {
            const { identity, refusal } = await providerReturn.get()
            const to = new URL(ctx.context.responseHeaders?.get('location') ?? '/', deps.config.consoleUrl)
            const reason = refusal ?? to.searchParams.get('error')
            if (reason === null) return
            await recordRefusal(deps, { provider: String(ctx.params?.['id']), reason, identity })
            if (refusal === null) return
            to.searchParams.set('error', refusal)
            throw ctx.redirect(to.pathname + to.search)
          }),
        },
      ],
    },
  }
}

async function recordRefusal(
  deps: Pick<Deps, 'db' | 'now' | 'config'>,
  refused: { readonly provider: string; readonly reason: string; readonly identity: ProvedIdentity | null },
): Promise<void> {
  const { provider, reason } = refused
  if (refused.identity === null) return
  const { accountKey: identity, email } = refused.identity
  const link = (await getOAuthState())?.link
  if (link !== undefined) {
    const actor = await readAddress(deps.db, link.userId)
    await recordRefusedConnection(deps.db, { actor, at: deps.now(), provider, reason, identity })
  } else if (REFUSED_TAKEOVERS.has(reason)) {
    const digest = addressDigest(deps.config, email)
    await recordFailedSignIn(deps, { address: email, digest, method: provider, takeover: { reason, identity } })
  }
}
