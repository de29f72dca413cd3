import 'server-only'
import { z } from 'zod'
import { AppError } from '~/domain/errors'
import { type Auth, authOf, createAuth } from '~/server/auth/auth'
import { gitHubProvider } from '~/server/auth/github-provider'
import { oidcProvider } from '~/server/auth/oidc-provider'
import type { Deps } from '~/server/deps'

/** A provider that does not say what it is within this time is away. */
const LIMIT_MS = 10_000

const asked = z.object({ provider: z.enum(['github', 'oidc']) })
const callback = /^\/api\/auth\/callback\/(github|oidc)$/

const shared = globalThis as typeof globalThis & { deployConsoleProviders?: WeakMap<object, Map<string, Auth>> }

/**
 * What answers a request below `/api/auth`. Providers have one of their own each: the library reads what a provider publishes
 * when it starts, and neither sessions nor passwords may ever wait for that. One that was away is asked again next time.
 *
 * @throws AppError `provider_unavailable`
 */
export async function authFor(deps: Deps, request: Request): Promise<Auth> {
  const provider = await providerOf(request)
  const settings = provider === null ? null : providerSettings(deps, provider)
  if (provider === null || settings === null) return authOf(deps)
  shared.deployConsoleProviders ??= new WeakMap()
  const known = shared.deployConsoleProviders.get(deps) ?? new Map<string, Auth>()
  shared.deployConsoleProviders.set(deps, known)
  const auth: Auth = known.get(provider) ?? createAuth(deps, settings)
  known.set(provider, auth)
  const context = await within(LIMIT_MS, auth.$context)
  if (context?.socialProviders.some(({ id }) => id === provider)) return auth
  known.delete(provider)
  const detail = `${settings.name ?? provider} does not answer. You were not signed in; try again, or sign in another way.`
  throw new AppError('provider_unavailable', detail)
}

async function providerOf(request: Request): Promise<'github' | 'oidc' | null> {
  const { pathname } = new URL(request.url)
  const named = callback.exec(pathname)?.[1]
  if (named !== undefined) return named === 'github' ? 'github' : 'oidc'
  if (pathname !== '/api/auth/sign-in/social' && pathname !== '/api/auth/link-social') return null
  const body: unknown = await request
    .clone()
    .json()
    .catch(() => null)
  return asked.safeParse(body).data?.provider ?? null
}

function providerSettings({ config }: Pick<Deps, 'config'>, provider: 'github' | 'oidc') {
  const { github, oidc } = config.providers
  if (provider === 'github') return github === undefined ? null : gitHubProvider(config, github)
  return oidc === undefined ? null : oidcProvider(oidc)
}

async function within<T>(limitMs: number, promise: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), limitMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
