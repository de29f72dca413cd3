import 'server-only'
import { type BetterAuthOptions, type BetterAuthPlugin, betterAuth } from 'better-auth'
import { prismaAdapter } from 'better-auth/adapters/prisma'
import { isAPIError } from 'better-auth/api'
import { visible } from '~/domain/foreign-text'
import { acceptLinkEndpoint } from '~/server/auth/library/accept-link-endpoint'
import { accountGuard } from '~/server/auth/library/account-guard'
import { accountTrail } from '~/server/auth/library/account-trail'
import { confirmEndpoints } from '~/server/auth/library/confirm-endpoints'
import { secretVersion } from '~/server/auth/library/encryption'
import { guardUnknownAccounts } from '~/server/auth/library/guard-unknown-accounts'
import { passkeys } from '~/server/auth/library/passkeys'
import { gitHubProvider } from '~/server/auth/library/providers/github-provider'
import { oidcProvider } from '~/server/auth/library/providers/oidc-provider'
import { LOST_RETURN, providerReturns } from '~/server/auth/library/providers/provider-return'
import { signInGuard } from '~/server/auth/library/sign-in-guard'
import { signInTrail } from '~/server/auth/library/sign-in-trail'
import { secondFactor } from '~/server/auth/library/two-factor'
import { connectedAccount, recordConnection, withoutTokens } from '~/server/auth/providers/connected-accounts'
import { COOKIE_PREFIX } from '~/server/auth/sessions/session-cookie'
import { SESSION_DAYS } from '~/server/auth/sessions/session-limits'
import type { Deps } from '~/server/deps'
import { isOwnHost } from '~/server/platform/http/refuse-foreign-origin'
import type { Logger } from '~/server/platform/logger'

/** What answer-auth tells the library of where a request came from; whoever sends a header of this name is overruled. */
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
    // The first signs; with the others, older cookies and encrypted values are still understood.
    secrets: authSecrets.map((value) => ({ version: secretVersion(value), value })),
    database: prismaAdapter(deps.db, { provider: 'postgresql', transaction: true }),
    // On the console's own machine it is reached by loopback names too.
    trustedOrigins: (request) => {
      const host = request?.headers.get('host') ?? ''
      return isOwnHost(host, consoleUrl) ? [`http://${host}`] : []
    },
    emailAndPassword: {
      enabled: true,
      // People come through a setup link or an invitation only.
      disableSignUp: true,
      minPasswordLength: 12,
      maxPasswordLength: 128,
    },
    session: {
      expiresIn: SESSION_DAYS * DAY,
      // A session ends when it is that old, however much it is used; the idle limit is authenticate's.
      disableSessionRefresh: true,
      // Ours to say: see require-fresh-proof.
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
    // The guard is first and the trail last: the trail must see what the plugins between have made of a sign-in.
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
    onAPIError: { onError: handOn, errorURL: LOST_RETURN },
    advanced: {
      cookiePrefix: COOKIE_PREFIX,
      useSecureCookies: consoleUrl.startsWith('https://'),
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax' },
      ipAddress: { ipAddressHeaders: [ADDRESS_HEADER] },
      database: { generateId: () => deps.newId() },
    },
  })
}

/** Those that are configured. None is asked anything before somebody signs in with it. */
function providers(deps: Deps): BetterAuthPlugin {
  const { github, oidc } = deps.config.providers
  const offered = [
    ...(github === undefined ? [] : [gitHubProvider(deps, github)]),
    ...(oidc === undefined ? [] : [oidcProvider(deps, oidc)]),
  ]
  return { id: 'console-providers', init: () => ({ context: { socialProviders: offered } }) }
}

export type Auth = ReturnType<typeof createAuth>

const shared = globalThis as typeof globalThis & { deployConsoleAuth?: WeakMap<object, Auth> }

/** One per database connection, whichever bundle of Next's asks. */
export function authOf(deps: Deps): Auth {
  shared.deployConsoleAuth ??= new WeakMap()
  const known = shared.deployConsoleAuth.get(deps)
  if (known !== undefined) return known
  const made = createAuth(deps)
  shared.deployConsoleAuth.set(deps, made)
  return made
}

/** A provider lets people call themselves anything; here a name shows all that is in it. */
const withVisibleName = async <User extends { readonly name?: string | undefined }>(user: User) => ({
  data: user.name === undefined ? user : { ...user, name: visible(user.name) },
})

/**
 * better-auth's messages into our log. Never its further arguments as they are: they may be whole requests or rows. Of an
 * error, what it says.
 */
function libraryLogger(logger: Logger): NonNullable<BetterAuthOptions['logger']> {
  return {
    level: 'warn',
    disableColors: true,
    log: (level, message, ...rest: unknown[]) => {
      const error = rest.find((part) => part instanceof Error)
      const context = error instanceof Error ? { err: { name: error.name, message: error.message } } : {}
      // A wrong password is the visitor's business, and in the trail.
      if (level === 'error') logger.error(context, `sign-in: ${message}`)
      else logger.debug(context, `sign-in: ${message}`)
    },
  }
}

/**
 * The library writes each refusal to the console, and answers 500 to whatever else was thrown. A refusal needs no line; all
 * else goes on to answer-auth, which knows a database that is away.
 */
function handOn(error: unknown): void {
  if (!isAPIError(error)) throw error
}
