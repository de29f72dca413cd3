import 'server-only'
import type { DispatchInput } from '~/domain/deploy/request'
import { sha256 } from '~/server/platform/crypto'

/** Tells a retry from another request under the same key. The confirmation is not part of what is asked for. */
export function digestRequest(input: DispatchInput): string {
  const asked = [input.surfaceId, input.ref, input.reason ?? '', input.expectedSha ?? '']
  // Left out when there is none, so that digests stored before overrides and sources existed stay what they are.
  if (input.overrideFreeze !== undefined) asked.push(JSON.stringify(input.overrideFreeze))
  if (input.source !== undefined) asked.push(JSON.stringify(input.source))
  if (input.reviewedRunningSha !== undefined) asked.push(`runs ${input.reviewedRunningSha}`)
  return sha256(JSON.stringify(asked))
}

export const idempotencyMismatch = {
  code: 'idempotency_mismatch',
  message:
    'This idempotency key was used for another request. Nothing was deployed; send a new key with a new request.',
} as const
