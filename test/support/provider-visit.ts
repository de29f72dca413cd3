import { ASK_ANEW } from '~/domain/account'
import type { Deps } from '~/server/deps'
import { type Browser, browser } from '~test/support/auth-client'
import { signInAtProvider } from '~test/support/oidc-provider'

/** The same console and database with another OpenID provider. */
export function consoleWith(deps: Deps, { issuer }: { readonly issuer: string }): Deps {
  const { oidc, ...others } = deps.config.providers
  if (oidc === undefined) throw new Error('the console has no OpenID provider')
  return { ...deps, config: { ...deps.config, providers: { ...others, oidc: { ...oidc, issuer } } } }
}

/**
 * Signs in at a provider as a browser does: asks the console for the URL, submits the provider's page, and follows the redirect
 * back. `comesBackAs`: another browser makes the last step.
 */
export async function visitProvider(
  deps: Deps,
  provider: 'github' | 'oidc',
  {
    comesBackAs,
    held = browser(deps),
    path = '/sign-in/social',
    anew = false,
  }: {
    readonly comesBackAs?: Browser
    readonly held?: Browser
    readonly path?: '/sign-in/social' | '/link-social'
    /** As the dialog that asks for a fresh proof does. */
    readonly anew?: boolean
  } = {},
) {
  const begun = await held.post(path, {
    provider,
    callbackURL: '/freezes',
    errorCallbackURL: '/sign-in?next=%2F',
    ...(anew && { additionalParams: ASK_ANEW }),
  })
  const url = Object(begun.body).url
  if (typeof url !== 'string') throw new Error(`the console began no sign-in: ${JSON.stringify(begun)}`)
  const back = await signInAtProvider(new URL(url))
  const arrived = await (comesBackAs ?? held).follow(back)
  const to = new URL(arrived.headers.get('location') ?? '/', 'http://localhost:3000')
  return { browser: held, asked: new URL(url), path: to.pathname, error: to.searchParams.get('error') }
}
