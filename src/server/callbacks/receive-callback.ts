import 'server-only'
import { validate as isUuid } from 'uuid'
import { z } from 'zod'
import { CALLBACK_BODY_LIMIT, type CallbackBody, callbackBody } from '~/domain/callback'
import { AppError } from '~/domain/errors'
import { verifySignature } from '~/server/callbacks/verify-signature'
import { recordCallback } from '~/server/deploys/record-callback'
import type { Deps } from '~/server/deps'
import { logAppError, problemResponse, toAppError } from '~/server/http/problem'
import { readBoundedBody } from '~/server/http/read-bounded-body'

/**
 * `POST /api/internal/deploys/{id}/status` and `…/callback`. The order of checks is contract.md's: size → UUID →
 * signature and timestamp → JSON → schema → deploy exists → replay → transition.
 */
export async function receiveCallback(deps: Deps, request: Request, deployId: string): Promise<Response> {
  try {
    const raw = await readBoundedBody(request, CALLBACK_BODY_LIMIT)
    if (!isUuid(deployId)) throw new AppError('invalid_id', 'The deploy id in the address is not a UUID.')
    const webhookId = verifySignature(
      deps.config.callbackSecrets,
      {
        id: request.headers.get('webhook-id'),
        timestamp: request.headers.get('webhook-timestamp'),
        signature: request.headers.get('webhook-signature'),
        body: raw,
      },
      deps.now(),
    )
    if (webhookId === null) {
      throw new AppError('signature_invalid', 'The signature is missing, wrong or out of date. Nothing was read.')
    }
    const answer = await recordCallback(deps, { deployId, webhookId, body: parseBody(raw) })
    return Response.json(answer, { headers: { 'cache-control': 'no-store' } })
  } catch (thrown) {
    const error = toAppError(thrown)
    logAppError(deps.logger, error, { deployId: isUuid(deployId) ? deployId : 'not a UUID' })
    return problemResponse(error)
  }
}

function parseBody(raw: Buffer): CallbackBody {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw))
  } catch {
    throw new AppError('invalid_input', 'The body is not JSON in UTF-8. Nothing was kept of it.')
  }
  const parsed = callbackBody.safeParse(value)
  if (parsed.success) return parsed.data
  throw new AppError('invalid_input', `The body does not fit: ${z.prettifyError(parsed.error)}`, {
    details: { issues: parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })) },
  })
}
