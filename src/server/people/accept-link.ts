import 'server-only'
import type { AccountChange } from '~/domain/audit/event'
import { AppError } from '~/domain/errors'
import type { AcceptLinkInput } from '~/domain/member'
import { deletePasskeysOf, deleteProvidersOf } from '~/server/account/accounts'
import { type AuditSubject, appendAuditEvent } from '~/server/audit/append-audit'
import { forgetStartedBy } from '~/server/auth/second-factor/second-factors'
import { endSessionsOf } from '~/server/auth/sessions/sessions'
import type { Deps } from '~/server/deps'
import { type LinkRow, takeLink } from '~/server/members/invitations'
import {
  createMember,
  hasUsableAdmin,
  readAddress,
  readMember,
  readUserIdOf,
  setPassword,
} from '~/server/members/members'
import { isSandboxSignIn, signInSandboxOperator } from '~/server/members/sandbox-sign-in'
import { linkDigest } from '~/server/people/link-token'
import { recordGiven } from '~/server/people/record-given'
import { takeBackLinks } from '~/server/people/take-back-links'
import { usableLink } from '~/server/people/usable-link'
import type { DatabaseHandle } from '~/server/platform/database'
import { lockAdmins, lockUser } from '~/server/platform/locks.sql'
import { revokeTokensOf } from '~/server/tokens/api-tokens'
import { tokenEvent } from '~/server/tokens/token-view'

interface Visit {
  readonly hash: (password: string) => Promise<string>
  /** The name the browser reached the console by. */
  readonly host: string
}

interface Accepted {
  readonly userId: string
  /** False: the account was there before, so the link proves no more than a password does; a second factor is still asked for. */
  readonly signsIn: boolean
}

type LinkDeps = Pick<Deps, 'db' | 'now' | 'newId' | 'config'>

/** What was typed, with the password hashed. */
type Answer = Pick<AcceptLinkInput, 'name' | 'email'> & { readonly password: string | null }

/** Lets one person in by a link, or sets a password, and uses the link up, in one transaction. */
export async function acceptLink(deps: LinkDeps, input: AcceptLinkInput, visit: Visit): Promise<Accepted> {
  const { db, now } = deps
  const digest = linkDigest(input.token)
  // Hashing takes a while on purpose: only for a link that is worth it, and outside the transaction.
  if ((await usableLink(db, digest, now())) === null) throw unusable()
  const password = input.password === undefined ? null : await visit.hash(input.password)
  return db.$transaction(async (tx) => {
    const at = now()
    const link = await usableLink(tx, digest, at)
    if (link === null) throw unusable()
    const userId = await follow(deps, tx, link, { answer: { ...input, password }, host: visit.host, at })
    if (!(await takeLink(tx, link.id, userId, at))) throw unusable()
    await recordGiven(deps, tx, { userId, by: link.createdBy, at })
    const email = await readAddress(tx, userId)
    const payload = { invitation_id: link.id, kind: link.kind, role: link.role, environments: link.environments }
    await appendAuditEvent(tx, { actor: email, at }, { action: 'console.link.used', status: null, payload })
    await takeBackLinks(tx, { email }, { actor: email, at })
    return { userId, signsIn: link.kind !== 'recovery' }
  })
}

/** Does what the link is for; gives whose it was. */
async function follow(
  deps: LinkDeps,
  tx: DatabaseHandle,
  link: LinkRow,
  { answer, host, at }: { readonly answer: Answer; readonly host: string; readonly at: Date },
): Promise<string> {
  if (link.kind === 'recovery') return recover(deps, tx, link, answer.password, at)
  if (isSandboxSignIn(link)) return signInSandboxOperator(deps, tx, host, at)
  if (link.kind === 'setup') await requireNoAdmin(tx)
  return addMember(deps, tx, link, answer, at)
}

async function addMember(deps: LinkDeps, tx: DatabaseHandle, link: LinkRow, input: Answer, at: Date): Promise<string> {
  const email = link.email ?? input.email
  const { name, password } = input
  if (email === undefined || name === undefined || password === null) {
    throw new AppError('invalid_input', 'Name, e-mail address and password are all needed. The link is kept.')
  }
  if ((await readUserIdOf(tx, email)) !== null) {
    const detail = 'There is an account with this address already. The link is kept; sign in, or ask an admin.'
    throw new AppError('address_taken', detail)
  }
  const { role, environments, createdBy: addedBy } = link
  const ids = { userId: deps.newId(), accountId: deps.newId() }
  await createMember(tx, { ...ids, email, name, password, role, environments, addedBy, at })
  return ids.userId
}

/** A new password for an account that is there. Whoever was in it besides its owner is out; what the member may do stays as it is. */
async function recover(
  deps: LinkDeps,
  tx: DatabaseHandle,
  link: LinkRow,
  password: string | null,
  at: Date,
): Promise<string> {
  if (password === null) throw new AppError('invalid_input', 'A new password is needed. The link is kept.')
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

/** Two links at once must not make two first admins, so this is asked under a lock. */
async function requireNoAdmin(tx: DatabaseHandle): Promise<void> {
  await lockAdmins(tx)
  if (await hasUsableAdmin(tx)) {
    throw new AppError(
      'link_unusable',
      'The console has an admin already. Nothing was made; ask that admin for an invitation.',
    )
  }
}

const unusable = () =>
  new AppError(
    'link_unusable',
    'This link was used before, was taken back, or is too old. Nothing was made; ask for another one.',
  )

/**
 * Whoever could be in an account besides its owner is out: sessions, sign-ins that were begun, passkeys, connected providers and
 * API tokens end. The second factor stays: it is what keeps the maker of a link for a password out.
 */
async function endOtherWaysIn(tx: DatabaseHandle, userId: string, subject: AuditSubject): Promise<void> {
  await endSessionsOf(tx, userId)
  await forgetStartedBy(tx, userId)
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
