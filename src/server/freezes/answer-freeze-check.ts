import 'server-only'
import { z } from 'zod'
import { AppError } from '~/domain/errors'
import { id, runIdText, surfaceId } from '~/domain/input'
import { verifySignature } from '~/server/callbacks/verify-signature'
import type { Deps } from '~/server/deps'
import { checkFreeze } from '~/server/freezes/check-freeze'
import { parseInput } from '~/server/http/parse-json'
import { logAppError, problemResponse, toAppError } from '~/server/http/problem'
import { limitUnsigned } from '~/server/http/rate-limits'

/** What is signed, beside the query; the console may stand behind a prefix that it never sees (ADR 008). */
const SIGNED_PATH = 'GET /api/internal/freezes'

const question = z.object({
  surface: surfaceId,
  deploy: id.optional(),
  run: runIdText.optional(),
})

/**
 * `GET /api/internal/freezes`. Signed like a callback, with the method, path and query in the place of the body: a
 * captured signature answers the very same question again, for five minutes, and no other. Reads only.
 */
export async function answerFreezeCheck(
  deps: Pick<Deps, 'config' | 'db' | 'sql' | 'logger' | 'now' | 'rateLimits'>,
  request: Request,
): Promise<Response> {
  try {
    const { search, searchParams } = new URL(request.url)
    const verified = verifySignature(
      deps.config.callbackSecrets,
      {
        id: request.headers.get('webhook-id'),
        timestamp: request.headers.get('webhook-timestamp'),
        signature: request.headers.get('webhook-signature'),
        body: Buffer.from(`${SIGNED_PATH}${search}`),
      },
      deps.now(),
    )
    if (verified === null) {
      limitUnsigned(deps, request)
      throw new AppError('signature_invalid', 'The signature is missing, wrong or out of date. Nothing was read.')
    }
    const answer = await checkFreeze(deps, parseInput(Object.fromEntries(searchParams), question, 'The query'))
    return Response.json(answer, { headers: { 'cache-control': 'no-store' } })
  } catch (thrown) {
    const error = toAppError(thrown)
    logAppError(deps.logger, error, { route: 'freeze check' })
    return problemResponse(error)
  }
}
