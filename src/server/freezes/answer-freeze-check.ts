import 'server-only'
import { z } from 'zod'
import { id, runIdText, surfaceId } from '~/domain/input'
import { verifyReporter } from '~/server/deploys/callbacks/verify-reporter'
import type { Deps } from '~/server/deps'
import { checkFreeze } from '~/server/freezes/check-freeze'
import { logAppError, problemResponse, toAppError } from '~/server/platform/http/problem'
import { parseInput } from '~/server/platform/http/read-body'

/** What is signed, beside the query; the console may stand behind a prefix that it never sees (ADR 008). */
const SIGNED_PATH = 'GET /api/internal/freezes'

const question = z.object({
  surface: surfaceId,
  deploy: id.optional(),
  run: runIdText.optional(),
})

/**
 * `GET /api/internal/freezes`. Signed like a callback, with the method, path and query in the place of the body: a
 * captured signature answers the very same question again, for five minutes, and no other. GitHub's token does as well.
 * Reads only.
 */
export async function answerFreezeCheck(
  deps: Pick<Deps, 'config' | 'runTokens' | 'db' | 'logger' | 'now' | 'rateLimits'>,
  request: Request,
): Promise<Response> {
  try {
    const { search, searchParams } = new URL(request.url)
    const { reporter } = await verifyReporter(deps, request, Buffer.from(`${SIGNED_PATH}${search}`))
    const asked = parseInput(Object.fromEntries(searchParams), question, 'The query')
    const answer = await checkFreeze(deps, reporter, asked)
    return Response.json(answer, { headers: { 'cache-control': 'no-store' } })
  } catch (thrown) {
    const error = toAppError(thrown)
    logAppError(deps.logger, error, { route: 'freeze check' })
    return problemResponse(error)
  }
}
