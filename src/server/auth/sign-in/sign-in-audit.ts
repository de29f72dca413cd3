import 'server-only'
import type { AccountChange, RefusedIdentity } from '~/domain/audit/event'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { readLock, resetAttempts, sessionPasswordDigest } from '~/server/auth/sign-in/sign-in-attempts.sql'
import type { Deps } from '~/server/deps'
import { readAddress, readUserIdOf } from '~/server/members/members'
import type { Database } from '~/server/platform/database'

type Recorder = Pick<Deps, 'db' | 'now'>

export async function recordSignIn(
  { db, now }: Recorder,
  signIn: { readonly userId: string; readonly method: string; readonly digest: string | null },
): Promise<void> {
  const at = now()
  await db.$transaction(async (tx) => {
    const actor = await readAddress(tx, signIn.userId)
    if (signIn.digest !== null) await resetAttempts(tx, signIn.digest, at)
    const payload = { method: signIn.method }
    await appendAuditEvent(tx, { actor, at }, { action: 'console.session.opened', status: null, payload })
  })
}

/** Audits a failed sign-in. An unknown address is recorded as a keyed digest, because it may be a password. */
export async function recordFailedSignIn(
  { db, now }: Recorder,
  failed: {
    readonly address: string
    readonly digest: string
    readonly method?: string
    /** Set if a provider proved another identity: the reason for the refusal, and that identity. */
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

/** Audits an incorrect second factor after a correct password. */
export async function recordWrongCode(deps: Recorder & Pick<Deps, 'config'>, userId: string): Promise<void> {
  const address = await readAddress(deps.db, userId)
  const digest = sessionPasswordDigest(deps.config, address)
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
    // Changing the password requires the current one, so it was correct.
    await resetAttempts(tx, change.digest, at)
    await appendAuditEvent(tx, { actor, at }, { action: 'console.account.password_changed', status: null, payload: {} })
  })
}

/** Audits a change. With a `digest`, the correct password was given, so its count is reset. With `change` null, only the count is reset. */
export async function recordAccountChange(
  db: Database,
  made: {
    readonly actor: string
    readonly at: Date
    readonly change: AccountChange | null
    readonly digest: string | null
  },
): Promise<void> {
  const { actor, at, change, digest } = made
  await db.$transaction(async (tx) => {
    if (digest !== null) await resetAttempts(tx, digest, at)
    if (change === null) return
    await appendAuditEvent(tx, { actor, at }, { action: 'console.account.changed', status: null, payload: { change } })
  })
}

/** Audits a refused attempt to connect a provider's account. */
export async function recordRefusedConnection(
  db: Database,
  refused: RefusedIdentity & { readonly actor: string; readonly at: Date; readonly provider: string },
): Promise<void> {
  const { actor, at, ...payload } = refused
  const event = { action: 'console.account.connection_refused', status: null, payload } as const
  await db.$transaction((tx) => appendAuditEvent(tx, { actor, at }, event))
}

/** The audit trail's name of a sign-in method, from the library's path. */
export function signInMethodOf(path: string | undefined, provider: string | undefined): string {
  if (path === '/sign-in/email') return 'password'
  if (path === '/links/accept') return 'link'
  if (path === '/passkey/verify-authentication') return 'passkey'
  if (path?.startsWith('/two-factor/')) return path.endsWith('totp') ? 'second factor' : 'backup code'
  if (path?.startsWith('/callback/')) return provider ?? 'unknown'
  return (path ?? '').replace(/^\//, '').replaceAll('/', ' ') || 'unknown'
}
