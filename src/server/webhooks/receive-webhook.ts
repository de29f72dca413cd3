import 'server-only'
import { Webhooks } from '@octokit/webhooks'
import { z } from 'zod'
import { AppError } from '~/domain/errors'
import type { Deps } from '~/server/deps'
import { logAppError, problemResponse, toAppError } from '~/server/platform/http/problem'
import { limitAddress, limitUnsigned } from '~/server/platform/http/rate-limits'
import { parseJson, readBoundedBody } from '~/server/platform/http/read-body'
import { followEvent } from '~/server/webhooks/follow-event'
import { readEvent } from '~/server/webhooks/read-event'

/** GitHub itself sends up to 25 MB. What is larger than this is a push of hundreds of commits, and a look is due within the hour anyway. */
const BODY_LIMIT = 1024 * 1024

/**
 * `POST /api/github/webhooks`. An event says what to look at and nothing more, so a forged, late, doubled or disordered one costs a
 * look and changes nothing. Order of checks: configured → size → signature → media type → JSON → the event's schema.
 */
export async function receiveWebhook(deps: Deps, request: Request): Promise<Response> {
  try {
    const secrets = deps.config.githubWebhookSecrets
    if (secrets.length === 0) {
      limitAddress(deps, request)
      throw new AppError('address_unknown', 'This console takes no webhooks: GITHUB_WEBHOOK_SECRET is not set.')
    }
    const raw = await readBoundedBody(request, BODY_LIMIT)
    if (!(await isSigned(secrets, raw, request.headers.get('x-hub-signature-256') ?? ''))) {
      limitUnsigned(deps, request)
      throw new AppError('signature_invalid', 'The signature is missing or wrong. Nothing was read.')
    }
    refuseForms(request)
    const event = readEvent(request.headers.get('x-github-event') ?? '', parseJson(raw, z.unknown()))
    const answer = await followEvent(deps, event)
    return Response.json(answer, { status: 202, headers: { 'cache-control': 'no-store' } })
  } catch (thrown) {
    const error = toAppError(thrown)
    logAppError(deps.logger, error, { path: '/api/github/webhooks' })
    return problemResponse(error)
  }
}

/**
 * The library signs text. Bytes that are no UTF-8 become other bytes on the way there and back, so their signature does not hold. Every
 * secret is tried, whichever of them matches.
 */
async function isSigned(secrets: readonly string[], raw: Buffer, signature: string): Promise<boolean> {
  const text = raw.toString('utf8')
  if (signature === '' || text === '') return false
  const held = await Promise.all(secrets.map((secret) => new Webhooks({ secret }).verify(text, signature)))
  return held.includes(true)
}

/** GitHub's own preset for a new webhook is a form. Its signature holds, so say what to change. */
function refuseForms({ headers }: Request): void {
  if (/^application\/json\b/i.test(headers.get('content-type') ?? '')) return
  throw new AppError(
    'media_type_refused',
    'The webhook is not sent as JSON. Nothing was read. Set its content type to application/json.',
  )
}
