import { ASK_ANEW } from '~/domain/account'
import { askForProof } from '~/ui/trpc/auth-link'

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

export type Asked =
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly code: string | null; readonly message: string }

/** One call below `/api/auth`, and what it said. Without a body it only reads. */
export async function askAuth(path: string, body?: Readonly<Record<string, unknown>>): Promise<Asked> {
  const sends =
    body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  try {
    const answer = await fetch(`/api/auth${path}`, { ...sends, signal: AbortSignal.timeout(20_000) })
    const said: unknown = await answer.json().catch(() => null)
    if (answer.ok) return { ok: true, body: said }
    const text = (name: string) => (isRecord(said) && typeof said[name] === 'string' ? said[name] : null)
    const message = answer.status === 429 && text('code') === null ? TOO_MANY : (text('detail') ?? text('message'))
    return {
      ok: false,
      code: text('code'),
      message: message ?? 'The console could not complete the request. Nothing was changed. Try again.',
    }
  } catch {
    return { ok: false, code: null, message: 'The console cannot be reached. Nothing was changed; try again.' }
  }
}

const TOO_MANY = 'Rate limit exceeded for this address. Nothing was changed. Wait a minute, then try again.'

/** The same, where the last proof of who it is may be too old: then that is asked for, and the same call made again, once. */
export async function askAuthProved(path: string, body?: Readonly<Record<string, unknown>>): Promise<Asked> {
  const answer = await askAuth(path, body)
  if (answer.ok || answer.code !== 'proof_stale' || !(await askForProof())) return answer
  return await askAuth(path, body)
}

type AuthAnswer = { readonly ok: true } | Extract<Asked, { readonly ok: false }>

/** One call below `/api/auth`. The answer's cookies are the browser's business; what it says when it refuses is ours. */
export async function postAuth(path: string, body: Readonly<Record<string, unknown>>): Promise<AuthAnswer> {
  const answer = await askAuth(path, body)
  return answer.ok ? { ok: true } : answer
}

/**
 * Leaves for the provider's page, which sends the browser back. Null: on the way; otherwise why not. `anew`: the provider has
 * to ask the person, whether it knows them or not.
 */
export async function startAtProvider(
  path: '/sign-in/social' | '/link-social',
  provider: string,
  next: string,
  { anew = false } = {},
): Promise<string | null> {
  const errorCallbackURL = path === '/link-social' ? '/account' : `/sign-in?next=${encodeURIComponent(next)}`
  const body = { provider, callbackURL: next, errorCallbackURL, ...(anew && { additionalParams: ASK_ANEW }) }
  const answer = await (path === '/link-social' ? askAuthProved : askAuth)(path, body)
  if (!answer.ok) return answer.message
  const url = isRecord(answer.body) ? answer.body['url'] : null
  if (typeof url !== 'string' || !/^https?:\/\//.test(url))
    return 'The console did not return the provider’s address. Nothing was changed. Try again.'
  window.location.assign(url)
  return null
}
