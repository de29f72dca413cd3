import 'server-only'
import type { RefusedIdentity } from '~/domain/audit/event'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { forgetAttempts, readLock } from '~/server/auth/sign-in/sign-in-attempts.sql'
import type { Deps } from '~/server/deps'
import { readAddress, readUserIdOf } from '~/server/members/members'
import { ownPasswordDigest } from '~/server/platform/address-digest'

type Recorder = Pick<Deps, 'db' | 'now'>

export async function recordSignIn(
  { db, now }: Recorder,
  signIn: { readonly userId: string; readonly method: string; readonly digest: string | null },
): Promise<void> {
  const at = now()
  await db.$transaction(async (tx) => {
    const actor = await readAddress(tx, signIn.userId)
    if (signIn.digest !== null) await forgetAttempts(tx, signIn.digest, at)
    const payload = { method: signIn.method }
    await appendAuditEvent(tx, { actor, at }, { action: 'console.session.opened', status: null, payload })
  })
}

/** Of an address nobody has, only a keyed digest is kept: people type passwords where the address belongs. */
export async function recordFailedSignIn(
  { db, now }: Recorder,
  failed: {
    readonly address: string
    readonly digest: string
    readonly method?: string
    /** Somebody whom a provider proved to be another: why they were refused, and who the provider says they are. */
    readonly takeover?: RefusedIdentity
  },
): Promise<void> {
  const at = now()
  await db.$transaction(async (tx) => {
    const known = await readUserIdOf(tx, failed.address)
    const actor = known === null ? 'somebody' : failed.address.toLowerCase()
    const payload = {
      method: failed.method ?? 'password',
      address_digest: known === null ? failed.digest.slice(0, 16) : null,
      ...failed.takeover,
    }
    await appendAuditEvent(tx, { actor, at }, { action: 'console.session.refused', status: null, payload })
    const lockedUntil = await readLock(tx, failed.digest, at)
    if (lockedUntil === null) return
    const until = { ...payload, locked_until: lockedUntil.toISOString() }
    await appendAuditEvent(tx, { actor, at }, { action: 'console.session.locked', status: null, payload: until })
  })
}

/** A code that was no second factor, for a sign-in whose password was right. */
export async function recordWrongCode(deps: Recorder & Pick<Deps, 'config'>, userId: string): Promise<void> {
  const address = await readAddress(deps.db, userId)
  const digest = ownPasswordDigest(deps.config, address)
  await recordFailedSignIn(deps, { address, digest, method: 'second factor' })
}

export async function recordSignOut(
  { db, now }: Recorder,
  userId: string,
  reason: 'signed out' | 'revoked' | 'expired' | 'idle',
): Promise<void> {
  await db.$transaction(async (tx) => {
    const actor = await readAddress(tx, userId)
    const payload = { reason }
    await appendAuditEvent(tx, { actor, at: now() }, { action: 'console.session.closed', status: null, payload })
  })
}

export async function recordPasswordChange(
  { db, now }: Recorder,
  change: { readonly userId: string; readonly digest: string },
): Promise<void> {
  const at = now()
  await db.$transaction(async (tx) => {
    const actor = await readAddress(tx, change.userId)
    // The current password was right.
    await forgetAttempts(tx, change.digest, at)
    await appendAuditEvent(tx, { actor, at }, { action: 'console.account.password_changed', status: null, payload: {} })
  })
}
