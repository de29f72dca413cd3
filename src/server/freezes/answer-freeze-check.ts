import 'server-only'
import { z } from 'zod'
import { AppError } from '~/domain/errors'
import { verifySignature } from '~/server/callbacks/verify-signature'
import type { Deps } from '~/server/deps'
import { checkFreeze } from '~/server/freezes/check-freeze'
import { logAppError, problemResponse, toAppError } from '~/server/http/problem'
import { limitUnsigned } from '~/server/http/rate-limits'

/** What is signed, beside the query; the console may stand behind a prefix that it never sees (ADR 008). */
const SIGNED_PATH = 'GET /api/internal/freezes'

const question = z.object({
  surface: z.string().min(1).max(100),
  deploy: z.uuid().optional(),
  run: z
    .string()
    .regex(/^\d{1,19}$/, 'expected the digits of a run id')
    .transform(BigInt)
    .optional(),
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
    const parsed = question.safeParse(Object.fromEntries(searchParams))
    if (!parsed.success) throw new AppError('invalid_input', `The query does not fit: ${z.prettifyError(parsed.error)}`)
    const answer = await checkFreeze(deps, parsed.data)
    return Response.json(answer, { headers: { 'cache-control': 'no-store' } })
  } catch (thrown) {
    const error = toAppError(thrown)
    logAppError(deps.logger, error, { route: 'freeze check' })
    return problemResponse(error)
  }
}
