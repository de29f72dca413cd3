import 'server-only'
import { validate as isUuid } from 'uuid'
import type { z } from 'zod'
import { AppError } from '~/domain/errors'
import { parseJson } from '~/server/platform/http/parse-json'
import { readBoundedBody } from '~/server/platform/http/read-bounded-body'

/** A dispatch is a few hundred bytes; this leaves room for a long reason in any script. */
const BODY_LIMIT = 16 * 1024

/** The request's body. Only JSON: a form of another site cannot send that without asking first. */
export async function readJson<Schema extends z.ZodType>(request: Request, schema: Schema): Promise<z.output<Schema>> {
  const mediaType = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (mediaType !== 'application/json') {
    throw new AppError('media_type_refused', 'Send the body as "content-type: application/json". Nothing was read.')
  }
  return parseJson(await readBoundedBody(request, BODY_LIMIT), schema)
}

/** A deploy id out of the address, checked before the database sees it. */
export const deployIdOf = (id: string): string => uuidOf('deploy', id)

export const approvalIdOf = (id: string): string => uuidOf('approval', id)

function uuidOf(noun: string, id: string): string {
  if (isUuid(id)) return id
  throw new AppError('invalid_id', `The ${noun} id in the address is not a UUID.`)
}
