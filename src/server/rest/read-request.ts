import 'server-only'
import { validate as isUuid } from 'uuid'
import type { z } from 'zod'
import { dispatchInput } from '~/domain/deploy/request'
import { AppError } from '~/domain/errors'
import { parseInput, parseJson, readBoundedBody } from '~/server/platform/http/read-body'

/** A dispatch takes a few hundred bytes. The rest is room for a long reason in any script. */
const BODY_LIMIT = 16 * 1024

/** The request's body. Only JSON, which a form of another site cannot send without a CORS preflight. */
export async function readJson<Schema extends z.ZodType>(request: Request, schema: Schema): Promise<z.output<Schema>> {
  const mediaType = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (mediaType !== 'application/json') {
    throw new AppError(
      'media_type_refused',
      'The body is not declared as JSON. Nothing was read. Send it with "content-type: application/json".',
    )
  }
  return parseJson(await readBoundedBody(request, BODY_LIMIT), schema)
}

/** The deploy id in the address. Throws `invalid_id`. */
export const deployIdOf = (id: string): string => uuidOf('deploy', id)

export const approvalIdOf = (id: string): string => uuidOf('approval', id)

function uuidOf(noun: string, id: string): string {
  if (isUuid(id)) return id
  throw new AppError('invalid_id', `The ${noun} id in the address is not a UUID. Nothing was done. Check the address.`)
}

/**
 * The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header): a string in double quotes (RFC 8941, 3.3.3), or
 * bare, as most scripts send it.
 */
export function idempotencyKeyOf(request: Request): string {
  const header = request.headers.get('idempotency-key')?.trim() ?? ''
  if (header === '') {
    throw new AppError(
      'idempotency_key_missing',
      'The Idempotency-Key header is missing. Nothing was deployed. Send a new key for each deploy.',
    )
  }
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header)?.[1]
  const key = quoted === undefined ? header : quoted.replaceAll(/\\(["\\])/g, '$1')
  return parseInput(key, dispatchInput.shape.idempotencyKey, 'The Idempotency-Key header')
}
