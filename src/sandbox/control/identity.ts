import { createHmac, randomBytes } from 'node:crypto'
import { text } from '~/sandbox/http/answer'
import type { Route } from '~/sandbox/http/router'
import { sameSecret } from '~/sandbox/http/same-secret'
import type { Listening } from '~/sandbox/state/listening'

const proof = (token: string, challenge: string): string => createHmac('sha256', token).update(challenge).digest('hex')

/** Proves to who knows the token that this server knows it too, without either of them sending it. */
export const identityRoute = (token: string): Route => ({
  method: 'GET',
  pattern: '/identity/:challenge',
  handle: (request) => text(200, proof(token, request.param('challenge'))),
})

/** Whether the sandbox answers where it listened last; another program may have its port by now, and must not get the token. */
export const answersAs = async ({ url, token }: Listening): Promise<boolean> => {
  const challenge = randomBytes(16).toString('hex')
  try {
    const answer = await fetch(`${url}/identity/${challenge}`, {
      redirect: 'error',
      signal: AbortSignal.timeout(2_000),
    })
    return answer.ok && sameSecret(await answer.text(), proof(token, challenge))
  } catch {
    return false
  }
}
