import 'server-only'
import { defineRequestState } from '@better-auth/core/context'
import type { BetterAuthPlugin } from 'better-auth'
import { addOAuthServerContext, createAuthMiddleware, getOAuthState } from 'better-auth/api'
import { recordRefusedConnection } from '~/server/auth/sign-in/account-changes'
import { recordFailedSignIn } from '~/server/auth/sign-in/record-sign-in'
import type { Deps } from '~/server/deps'
import { readAddress } from '~/server/members/members'
import { addressDigest } from '~/server/platform/address-digest'

/** When somebody proved who they are of whom nobody says when. */
export const NEVER = new Date(0)

/** Who a provider proved somebody to be. */
export interface ProvedIdentity {
  /** Issuer and subject: what an account is recognised by. */
  readonly accountKey: string
  readonly email: string
  /** When the person last proved it to the provider. */
  readonly provedAt: Date
}

interface ProviderReturn {
  readonly identity: ProvedIdentity | null
  /** Why the console refuses it, where the library has no word for it. */
  readonly refusal: string | null
}

/** What the one return that is being answered has shown so far. */
export const providerReturn = defineRequestState<ProviderReturn>(() => ({ identity: null, refusal: null }))

/** Where a return leads whose sign-in is not known any more. */
export const LOST_RETURN = '/sign-in'

/** The provider proved who it is, and the console refused: it may have been an attempt at somebody's account. */
const REFUSED_TAKEOVERS: ReadonlySet<string> = new Set(['account_not_linked', 'subject_mismatch'])

/** Kept with the state, on the server: this sign-in is to be a new proof. */
export const markProofRound = () => addOAuthServerContext({ askedForProof: true })

export const asksForProof = async (): Promise<boolean> =>
  (await getOAuthState())?.serverContext?.['askedForProof'] === true

/** Every return from a provider ends on a page, and an attempt to take an account over in the audit trail. */
export function providerReturns(deps: Pick<Deps, 'db' | 'now' | 'config'>): BetterAuthPlugin {
  return {
    id: 'console-provider-return',
    hooks: {
      before: [
        {
          // A parameter that is there twice is refused (RFC 6749, 3.1); the library would answer with JSON.
          matcher: ({ path, query }) => path === '/callback/:id' && Object.values(query ?? {}).some(Array.isArray),
          handler: createAuthMiddleware(async (ctx) => {
            throw ctx.redirect(`${LOST_RETURN}?error=invalid_callback_request`)
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
