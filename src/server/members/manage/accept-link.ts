import 'server-only'
import type { AccountChange } from '~/domain/audit/event'
import { AppError } from '~/domain/errors'
import type { AcceptLinkInput } from '~/domain/member-input'
import { deletePasskeysOf, deleteProvidersOf } from '~/server/account/accounts'
import { type AuditSubject, appendAuditEvent } from '~/server/audit/append-audit'
import { deletePendingSignIns } from '~/server/auth/second-factors'
import { endSessionsOf } from '~/server/auth/sessions/sessions'
import type { Deps } from '~/server/deps'
import { recordAccessGiven } from '~/server/members/access-given.sql'
import { type LinkRow, takeLink } from '~/server/members/invitations'
import { linkDigest, revokeOpenLinks, usableLink } from '~/server/members/manage/links'
import {
  createMember,
  hasUsableAdmin,
  readAddress,
  readMember,
  readUserIdOf,
  setPassword,
} from '~/server/members/members'
import { isSandboxSignIn, signInSandboxOperator } from '~/server/members/sandbox-sign-in'
import type { DatabaseHandle } from '~/server/platform/database'
import { lockAdmins, lockUser } from '~/server/platform/locks.sql'
import { revokeTokensOf, tokenEvent } from '~/server/tokens/api-tokens'

interface Visit {
  readonly hash: (password: string) => Promise<string>
  /** The request's Host header. */
  readonly host: string
}

interface Accepted {
  readonly userId: string
  /** False if the account existed before: the link replaces only the password, so a second factor is still required. */
  readonly signsIn: boolean
}

type LinkDeps = Pick<Deps, 'db' | 'now' | 'newId' | 'config'>

/** The form's input, with the password hashed. */
type Answer = Pick<AcceptLinkInput, 'name' | 'email'> & { readonly password: string | null }

/** Uses a link, in one transaction: creates a member, signs in the sandbox's admin, or sets a new password. */
export async function acceptLink(deps: LinkDeps, input: AcceptLinkInput, visit: Visit): Promise<Accepted> {
  const { db, now } = deps
  const digest = linkDigest(input.token)
  // Hashing is slow, so the password is hashed only for a usable link, and outside the transaction.
  if ((await usableLink(db, digest, now())) === null) throw unusable()
  const password = input.password === undefined ? null : await visit.hash(input.password)
  return db.$transaction(async (tx) => {
    const at = now()
    const link = await usableLink(tx, digest, at)
    if (link === null) throw unusable()
    const userId = await follow(deps, tx, link, { answer: { ...input, password }, host: visit.host, at })
    if (!(await takeLink(tx, link.id, userId, at))) throw unusable()
    await recordAccessGiven(deps, tx, { userId, by: link.createdBy, at })
    const email = await readAddress(tx, userId)
    const payload = { invitation_id: link.id, kind: link.kind, role: link.role, environments: link.environments }
    await appendAuditEvent(tx, { actor: email, at }, { action: 'console.link.used', status: null, payload })
    await revokeOpenLinks(tx, { email }, { actor: email, at })
    return { userId, signsIn: link.kind !== 'recovery' }
  })
}

/** Does what the kind of link allows. Returns the person's user id. */
async function follow(
  deps: LinkDeps,
  tx: DatabaseHandle,
  link: LinkRow,
  { answer, host, at }: { readonly answer: Answer; readonly host: string; readonly at: Date },
): Promise<string> {
  if (link.kind === 'recovery') return setNewPassword(deps, tx, link, answer.password, at)
  if (isSandboxSignIn(link)) return signInSandboxOperator(deps, tx, host, at)
  if (link.kind === 'setup') await requireNoAdmin(tx)
  return addMember(deps, tx, link, answer, at)
}

async function addMember(deps: LinkDeps, tx: DatabaseHandle, link: LinkRow, input: Answer, at: Date): Promise<string> {
  const email = link.email ?? input.email
  const { name, password } = input
  if (email === undefined || name === undefined || password === null) {
    throw new AppError(
      'invalid_input',
      'Name, email address and password are required. The link can still be used. Fill in all of them.',
    )
  }
  if ((await readUserIdOf(tx, email)) !== null) {
    const detail = 'An account with this address already exists. The link can still be used. Sign in, or ask an admin.'
    throw new AppError('address_taken', detail)
  }
  const { role, environments, createdBy: addedBy } = link
  const ids = { userId: deps.newId(), accountId: deps.newId() }
  await createMember(tx, { ...ids, email, name, password, role, environments, addedBy, at })
  return ids.userId
}

/** Sets a new password, and ends all other access to the account. The member's rights stay. */
async function setNewPassword(
  deps: LinkDeps,
  tx: DatabaseHandle,
  link: LinkRow,
  password: string | null,
  at: Date,
): Promise<string> {
  if (password === null)
    throw new AppError('invalid_input', 'A new password is required. The link can still be used. Type a password.')
  const userId = link.email === null ? null : await readUserIdOf(tx, link.email)
  const member = userId === null ? null : await readMember(tx, userId)
  if (member === null || member.suspendedAt !== null) throw unusable()
  const subject = { actor: member.email, at }
  await lockUser(tx, member.userId)
  await setPassword(tx, { userId: member.userId, accountId: deps.newId(), password })
  await appendAuditEvent(tx, subject, { action: 'console.account.password_changed', status: null, payload: {} })
  await endOtherWaysIn(tx, member.userId, subject)
  return member.userId
}

/** Under a lock, because two simultaneous links must not create two first admins. */
async function requireNoAdmin(tx: DatabaseHandle): Promise<void> {
  await lockAdmins(tx)
  if (await hasUsableAdmin(tx)) {
    throw new AppError(
      'link_unusable',
      'The console already has an admin. No account was created. Ask that admin for an invitation.',
    )
  }
}

const unusable = () =>
  new AppError(
    'link_unusable',
    'This link was already used or revoked, or has expired. Nothing was changed. Ask for another link.',
  )

/**
 * Ends everything by which somebody else may have access: sessions, unfinished sign-ins, passkeys, providers and API tokens. The
 * second factor stays, because it keeps out the admin who made the link.
 */
async function endOtherWaysIn(tx: DatabaseHandle, userId: string, subject: AuditSubject): Promise<void> {
  await endSessionsOf(tx, userId)
  await deletePendingSignIns(tx, userId)
  const record = async (change: AccountChange, times: number) => {
    for (let done = 0; done < times; done += 1) {
      await appendAuditEvent(tx, subject, { action: 'console.account.changed', status: null, payload: { change } })
    }
  }
  await record('passkey removed', await deletePasskeysOf(tx, userId))
  await record('provider disconnected', await deleteProvidersOf(tx, userId))
  for (const token of await revokeTokensOf(tx, userId, { by: subject.actor, at: subject.at })) {
    await appendAuditEvent(tx, subject, tokenEvent('console.token.revoked', token))
  }
}
