import { type Asked, askAuth } from '~/ui/auth/ask-auth'

type AuthAnswer = { readonly ok: true } | Extract<Asked, { readonly ok: false }>

/** One call below `/api/auth`. The answer's cookies are the browser's business; what it says when it refuses is ours. */
export async function postAuth(path: string, body: Readonly<Record<string, unknown>>): Promise<AuthAnswer> {
  const answer = await askAuth(path, body)
  return answer.ok ? { ok: true } : answer
}
