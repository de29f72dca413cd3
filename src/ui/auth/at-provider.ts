import { ASK_ANEW } from '~/domain/account'
import { askAuth, askAuthProved, isRecord } from '~/ui/auth/ask-auth'

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
    return 'The console did not say where to sign in. Try again.'
  window.location.assign(url)
  return null
}
