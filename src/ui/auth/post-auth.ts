const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

type AuthAnswer = { readonly ok: true } | { readonly ok: false; readonly code: string | null; readonly message: string }

/** One call below `/api/auth`. The answer's cookies are the browser's business; what it says when it refuses is ours. */
export async function postAuth(path: string, body: Readonly<Record<string, unknown>>): Promise<AuthAnswer> {
  try {
    const answer = await fetch(`/api/auth${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    })
    if (answer.ok) return { ok: true }
    const said: unknown = await answer.json().catch(() => null)
    const text = (name: string) => (isRecord(said) && typeof said[name] === 'string' ? said[name] : null)
    const message = answer.status === 429 && text('code') === null ? TOO_MANY : (text('detail') ?? text('message'))
    return { ok: false, code: text('code'), message: message ?? 'The console could not do that. Nothing was changed.' }
  } catch {
    return { ok: false, code: null, message: 'The console cannot be reached. Nothing was changed; try again.' }
  }
}

const TOO_MANY = 'Too many tries from this address. Wait a minute, then try again.'
