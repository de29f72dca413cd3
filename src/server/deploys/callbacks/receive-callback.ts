import 'server-only'
import { validate as isUuid } from 'uuid'
import { CALLBACK_BODY_LIMIT, callbackBody } from '~/domain/deploy/callback'
import { AppError } from '~/domain/errors'
import { recordCallback } from '~/server/deploys/callbacks/record-callback'
import { verifyReporter } from '~/server/deploys/callbacks/verify-reporter'
import type { Deps } from '~/server/deps'
import { logAppError, problemResponse, toAppError } from '~/server/platform/http/problem'
import { parseJson, readBoundedBody } from '~/server/platform/http/read-body'
import { inSpan } from '~/server/platform/tracing'

/**
 * `POST /api/internal/deploys/{id}/status` and `…/callback`. The checks run in this order (docs/contract.md, "Callback"): size → UUID →
 * signature or token → JSON → schema → deploy exists → who may report → replay → transition.
 */
export async function receiveCallback(deps: Deps, request: Request, deployId: string): Promise<Response> {
  try {
    const raw = await readBoundedBody(request, CALLBACK_BODY_LIMIT)
    if (!isUuid(deployId))
      throw new AppError(
        'invalid_id',
        'The deploy id in the address is not a UUID. Nothing was read. Correct the address.',
      )
    const verified = await verifyReporter(deps, request, raw)
    const body = parseJson(replaceBrokenBytes(raw), callbackBody)
    const about = { 'deploy_console.deploy_id': deployId, 'deploy_console.status': body.status }
    const answer = await inSpan('callback', { attributes: about }, () =>
      recordCallback(deps, { ...verified, deployId, body }),
    )
    deps.metrics.callbacks.inc({ outcome: answer.applied ? 'applied' : 'repeated' })
    return Response.json(answer, { headers: { 'cache-control': 'no-store' } })
  } catch (thrown) {
    const error = toAppError(thrown)
    deps.metrics.callbacks.inc({ outcome: error.code })
    logAppError(deps.logger, error, { deployId: isUuid(deployId) ? deployId : 'not a UUID' })
    return problemResponse(error)
  }
}

/** A log line may contain invalid UTF-8. Each such byte becomes U+FFFD, so that the status is not lost. */
const replaceBrokenBytes = (raw: Buffer): Buffer => Buffer.from(raw.toString('utf8'))
