import 'server-only'
import { type BetterAuthOptions, type BetterAuthPlugin, betterAuth } from 'better-auth'
import { prismaAdapter } from 'better-auth/adapters/prisma'
import { isAPIError } from 'better-auth/api'
import { visible } from '~/domain/foreign-text'
import { accountIssuer } from '~/server/auth/accounts.sql'
import { accountGuard, accountTrail, secondFactor } from '~/server/auth/library/account-hooks'
import { acceptLinkEndpoint, confirmEndpoints } from '~/server/auth/library/console-endpoints'
import { secretVersion } from '~/server/auth/library/encryption'
import { guardUnknownAccounts } from '~/server/auth/library/guard-unknown-accounts'
import { passkeys } from '~/server/auth/library/passkeys'
import { gitHubProvider } from '~/server/auth/library/providers/github-provider'
import { oidcProvider } from '~/server/auth/library/providers/oidc-provider'
import { FAILED_RETURN_PAGE, providerReturns } from '~/server/auth/library/providers/provider-return'
import { signInGuard, signInTrail } from '~/server/auth/library/sign-in-hooks'
import { SESSION_DAYS } from '~/server/auth/sessions/read-session'
import { COOKIE_PREFIX } from '~/server/auth/sessions/session-cookie'
import { recordAccountChange } from '~/server/auth/sign-in/sign-in-audit'
import type { Deps } from '~/server/deps'
import { readAddress } from '~/server/members/members'
import { isOwnHost } from '~/server/platform/http/refuse-request'
import type { Logger } from '~/server/platform/logger'

/** The header in which `answerAuth` gives the client's address to the library. A client's own header of this name is replaced. */
export const ADDRESS_HEADER = 'x-console-client-address'

const MINUTE = 60
const DAY = 24 * 60 * MINUTE

export function createAuth(deps: Deps) {
  const { validateUserInfo, beforeSession } = guardUnknownAccounts(deps)
  const { consoleUrl, authSecrets } = deps.config
  return betterAuth({
    appName: 'Deploy Console',
    baseURL: consoleUrl,
    basePath: '/api/auth',
    // The first signs and encrypts. The others still verify cookies and decrypt values.
    secrets: authSecrets.map((value) => ({ version: secretVersion(value), value })),
    database: prismaAdapter(deps.db, { provider: 'postgresql', transaction: true }),
    // On its own machine, the console is also reached by loopback names.
    trustedOrigins: (request) => {
      const host = request?.headers.get('host') ?? ''
      return isOwnHost(host, consoleUrl) ? [`http://${host}`] : []
    },
    emailAndPassword: {
      enabled: true,
      // Accounts are made only with a setup link or an invitation.
      disableSignUp: true,
      minPasswordLength: 12,
      maxPasswordLength: 128,
    },
    session: {
      expiresIn: SESSION_DAYS * DAY,
      // Use does not extend a session. `readSession` enforces the idle limit.
      disableSessionRefresh: true,
      // Turns off the library's own freshness check; `requireFreshProof` replaces it.
      freshAge: 0,
      cookieCache: { enabled: false },
      additionalFields: {
        provedAt: { type: 'date', required: false, input: false, defaultValue: () => deps.now() },
        activeAt: { type: 'date', required: false, input: false, defaultValue: () => deps.now() },
        proofAskedOf: { type: 'string', required: false, input: false },
      },
    },
    rateLimit: {
      enabled: true,
      storage: 'database',
      window: MINUTE,
      max: 200,
      customRules: {
        '/sign-in/*': { window: MINUTE, max: 10 },
        '/links/accept': { window: MINUTE, max: 10 },
        '/confirm/*': { window: MINUTE, max: 10 },
        '/passkey/*': { window: MINUTE, max: 30 },
        '/two-factor/*': { window: MINUTE, max: 10 },
        '/change-password': { window: MINUTE, max: 10 },
      },
    },
    user: { validateUserInfo },
    account: {
      accountLinking: { disableImplicitLinking: true },
      additionalFields: { issuer: { type: 'string', required: false, input: false } },
    },
    databaseHooks: {
      user: { create: { before: withVisibleName }, update: { before: withVisibleName } },
      session: { create: { before: beforeSession } },
      account: {
        create: { before: connectedAccount(deps), after: recordConnection(deps) },
        update: { before: withoutTokens },
      },
    },
    // `signInGuard` comes first, and `signInTrail` last, because it records what the other plugins decided.
    plugins: [
      signInGuard(deps),
      acceptLinkEndpoint(deps),
      accountGuard(deps),
      passkeys(consoleUrl),
      secondFactor(),
      providers(deps),
      confirmEndpoints(deps),
      providerReturns(deps),
      accountTrail(deps),
      signInTrail(deps),
    ],
    telemetry: { enabled: false },
    logger: libraryLogger(deps.logger),
    onAPIError: { onError: rethrowUnexpected, errorURL: FAILED_RETURN_PAGE },
    advanced: {
      cookiePrefix: COOKIE_PREFIX,
      useSecureCookies: consoleUrl.startsWith('https://'),
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax' },
      ipAddress: { ipAddressHeaders: [ADDRESS_HEADER] },
      database: { generateId: () => deps.newId() },
    },
  })
}

/** The configured providers. A provider is first contacted when somebody signs in there. */
function providers(deps: Deps): BetterAuthPlugin {
  const { github, oidc } = deps.config.providers
  const offered = [
    ...(github === undefined ? [] : [gitHubProvider(deps, github)]),
    ...(oidc === undefined ? [] : [oidcProvider(deps, oidc)]),
  ]
  return { id: 'console-providers', init: () => ({ context: { socialProviders: offered } }) }
}

export type Auth = ReturnType<typeof createAuth>

declare global {
  var deployConsoleAuth: WeakMap<object, Auth> | undefined
}

/** One instance per `Deps`. On globalThis, because Next loads this module more than once. */
export function authOf(deps: Deps): Auth {
  globalThis.deployConsoleAuth ??= new WeakMap()
  const known = globalThis.deployConsoleAuth.get(deps)
  if (known !== undefined) return known
  const made = createAuth(deps)
  globalThis.deployConsoleAuth.set(deps, made)
  return made
}

/** Makes invisible characters of a name visible, because a provider accepts any name. */
const withVisibleName = async <User extends { readonly name?: string | undefined }>(user: User) => ({
  data: user.name === undefined ? user : { ...user, name: visible(user.name) },
})

/** Logs better-auth's messages. Drops its other arguments, which may be whole requests or rows, except an error's message. */
function libraryLogger(logger: Logger): NonNullable<BetterAuthOptions['logger']> {
  return {
    level: 'warn',
    disableColors: true,
    log: (level, message, ...rest: unknown[]) => {
      const error = rest.find((part) => part instanceof Error)
      const context = error instanceof Error ? { err: { name: error.name, message: error.message } } : {}
      // Warnings, such as an incorrect password, are in the audit trail.
      if (level === 'error') logger.error(context, `sign-in: ${message}`)
      else logger.debug(context, `sign-in: ${message}`)
    },
  }
}

/** Rethrows unexpected errors to `answerAuth`, which recognises an unavailable database. The library would answer 500. */
function rethrowUnexpected(error: unknown): void {
  if (!isAPIError(error)) throw error
}

/** A provider's tokens are needed only to identify the person, so they are not stored. */
const NO_TOKENS = { accessToken: null, refreshToken: null, idToken: null }

async function withoutTokens() {
  return { data: NO_TOKENS }
}

function connectedAccount({ config }: Pick<Deps, 'config'>) {
  return async ({ providerId }: { readonly providerId: string }) => ({
    data: { ...NO_TOKENS, issuer: accountIssuer(config, providerId) },
  })
}

function recordConnection(deps: Pick<Deps, 'db' | 'now'>) {
  return async (account: { readonly providerId: string; readonly userId: string }): Promise<void> => {
    if (account.providerId === 'credential') return
    const actor = await readAddress(deps.db, account.userId)
    await recordAccountChange(deps.db, { actor, at: deps.now(), change: 'provider connected', digest: null })
  }
}
