import { createHmac } from 'node:crypto'
import { CALLBACK_STATUSES, type CallbackStatus } from '~/domain/deploy/status'
import { secretBytes } from '~/server/platform/verify-signature'
import type { Random } from '~test/fuzz/random'

/** The parts of a callback before it is encoded. */
export interface Callback {
  readonly method: string
  readonly path: string
  readonly id: string
  readonly timestamp: string
  readonly signature: string
  readonly body: Buffer
}

export function sign(
  secret: string,
  parts: { readonly id: string; readonly timestamp: string; readonly body: Buffer },
) {
  const hmac = createHmac('sha256', secretBytes(secret)).update(`${parts.id}.${parts.timestamp}.`).update(parts.body)
  return `v1,${hmac.digest('base64')}`
}

/** The callback that a workflow would send for this deploy, signed with this secret. */
export function signedCallback(
  random: Random,
  secret: string,
  deployId: string,
  body = plausibleBody(random),
): Callback {
  const id = `fuzz-${random.bytes(12).toString('hex')}`
  const timestamp = String(Math.floor(Date.now() / 1000))
  const path = `/api/internal/deploys/${deployId}/${random.pick(['status', 'status', 'callback'])}`
  return { method: 'POST', path, id, timestamp, body, signature: sign(secret, { id, timestamp, body }) }
}

function plausibleBody(random: Random): Buffer {
  const status = random.pick<CallbackStatus>(['building', ...CALLBACK_STATUSES])
  return Buffer.from(
    JSON.stringify({
      status,
      ...(random.next() < 0.5 ? { log_line: `line ${random.below(1_000)} ✓` } : {}),
      ...(random.next() < 0.3 ? { run_id: String(1 + random.below(2 ** 31)), run_attempt: 1 } : {}),
      ...(status === 'failed' && random.next() < 0.5 ? { failure_stage: 'build_failed' } : {}),
    }),
  )
}

/** JSON and near-JSON that no workflow sends. */
export function strangeBody(random: Random): Buffer {
  const text = random.pick([
    '{}',
    '[]',
    'null',
    '"building"',
    '{"status":null}',
    '{"status":""}',
    '{"status":"requested"}',
    '{"status":"\\u0000\\ud800"}',
    '{"__proto__":{"status":"building"}}',
    '{"status":"constructor"}',
    '{"status":"building","run_id":99999999999999999999}',
    '{"status":"building","run_id":1e400}',
    '{"status":"building","run_id":-1,"run_attempt":0.5}',
    '{"status":"building","log_line":{"a":1}}',
    '{"status":"building","deployed_sha":"zz"}',
    '{"status":"building","status":"failed"}',
    `{"status":"building","log_line":"${'é'.repeat(2_049)}"}`,
    `${'['.repeat(20_000)}`,
    `{"status":"${'x'.repeat(65)}"}`,
    '\ufeff{"status":"building"}',
    '{"status":"building"} trailing',
  ])
  return random.next() < 0.2 ? random.bytes(random.below(200)) : Buffer.from(text)
}
