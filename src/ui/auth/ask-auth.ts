import { ASK_ANEW } from '~/domain/account'
import { askForProof } from '~/ui/trpc/auth-link'

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

export type Asked =
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly code: string | null; readonly message: string }

/** Calls a path below `/api/auth`: a POST with a body, a GET without one. */
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

/** Like `askAuth`. If the last proof of identity is too old, asks for a new one and repeats the call once. */
export async function askAuthProved(path: string, body?: Readonly<Record<string, unknown>>): Promise<Asked> {
  const answer = await askAuth(path, body)
  if (answer.ok || answer.code !== 'proof_stale' || !(await askForProof())) return answer
  return await askAuth(path, body)
}

type AuthAnswer = { readonly ok: true } | Extract<Asked, { readonly ok: false }>

/** Posts to a path below `/api/auth`. The browser keeps the cookies of the answer; only a refusal has a message. */
export async function postAuth(path: string, body: Readonly<Record<string, unknown>>): Promise<AuthAnswer> {
  const answer = await askAuth(path, body)
  return answer.ok ? { ok: true } : answer
}

/**
 * Goes to the provider's page, which sends the browser back. Returns null, or why it could not. With `anew` the
 * provider must ask for the person's credentials, even if it knows the person.
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
