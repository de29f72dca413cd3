import 'server-only'
import { dispatchInput } from '~/domain/deploy/request'
import { AppError } from '~/domain/errors'
import { parseInput } from '~/server/platform/http/parse-json'

/**
 * The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header). The draft makes it a Structured Fields
 * string, in double quotes (RFC 8941, 3.3.3); the bare form most scripts send means the same key.
 */
export function idempotencyKeyOf(request: Request): string {
  const header = request.headers.get('idempotency-key')?.trim() ?? ''
  if (header === '') {
    throw new AppError(
      'idempotency_key_missing',
      'Send an Idempotency-Key header, new for every deploy that is meant. Nothing was deployed.',
    )
  }
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header)?.[1]
  const key = quoted === undefined ? header : quoted.replaceAll(/\\(["\\])/g, '$1')
  return parseInput(key, dispatchInput.shape.idempotencyKey, 'The Idempotency-Key header')
}
