import 'server-only'
import type { Reporter } from '~/domain/deploy/callback'
import { AppError } from '~/domain/errors'
import type { Deps } from '~/server/deps'
import { limitUnsigned } from '~/server/platform/http/rate-limits'
import { repositorySecret, verifySignature } from '~/server/platform/verify-signature'

export interface Verified {
  /** A second callback with the same id is a repetition. */
  readonly webhookId: string
  readonly reporter: Reporter
}

const REPOSITORY = /^[\w.-]{1,100}\/[\w.-]{1,100}$/

/**
 * Verifies a workflow's request without waiting for the database: a Standard Webhooks signature over `signed` with the shared or the repository's
 * secret, or GitHub's token for the run. All failures give the same message. Only failures count against the address's rate limit,
 * and may be told to the other replicas afterwards.
 *
 * @throws AppError `signature_invalid`, `rate_limited`, `issuer_unavailable`
 */
export async function verifyReporter(
  deps: Pick<Deps, 'config' | 'runTokens' | 'rateLimits' | 'now'>,
  request: Request,
  signed: Buffer,
): Promise<Verified> {
  const verified = await verify(deps, request.headers, signed)
  if (verified !== null) return verified
  limitUnsigned(deps, request)
  throw new AppError(
    'signature_invalid',
    'The signature is missing, wrong or out of date. Nothing was read. Check the secret and the clock of the sender.',
  )
}

async function verify(
  deps: Pick<Deps, 'config' | 'runTokens' | 'now'>,
  headers: Headers,
  signed: Buffer,
): Promise<Verified | null> {
  const token = /^bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1]
  if (token === undefined || headers.has('webhook-signature')) return verifySigned(deps, headers, signed)
  const webhookId = headers.get('webhook-id')
  if (!webhookId || webhookId.length > 256) return null
  const run = await deps.runTokens.verify(token, deps.now())
  return run === null ? null : { webhookId, reporter: { way: 'oidc', run } }
}

/** Always tries both kinds of secret, since a sender may hold either. */
function verifySigned({ config, now }: Pick<Deps, 'config' | 'now'>, headers: Headers, body: Buffer): Verified | null {
  const named = headers.get('x-console-repository') ?? ''
  const repository = REPOSITORY.test(named) ? named : null
  const message = {
    id: headers.get('webhook-id'),
    timestamp: headers.get('webhook-timestamp'),
    signature: headers.get('webhook-signature'),
    body,
  }
  const masters = config.callbackSecrets
  const own = repository === null ? [] : masters.map((master) => repositorySecret(master, repository))
  const byOwn = verifySignature(own, message, now())
  const byShared = verifySignature(config.sharedCallbackSecret ? masters : [], message, now())
  if (byOwn !== null && repository !== null) return { webhookId: byOwn, reporter: { way: 'repository', repository } }
  return byShared === null ? null : { webhookId: byShared, reporter: { way: 'shared' } }
}
