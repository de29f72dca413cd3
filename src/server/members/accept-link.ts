import 'server-only'
import { AppError } from '~/domain/errors'
import { type AcceptLinkInput, SANDBOX_OPERATOR } from '~/domain/member'
import { appendAuditEvent } from '~/server/db/audit'
import type { DatabaseHandle } from '~/server/db/client'
import { type LinkRow, readLink, takeLink } from '~/server/db/invitations'
import {
  createMember,
  hasUsableAdmin,
  keepSandboxOperator,
  lockAdmins,
  readMember,
  readUserIdOf,
  setPassword,
} from '~/server/db/members'
import { endSessionsOf } from '~/server/db/sessions'
import type { Deps } from '~/server/deps'
import { isLoopbackHost } from '~/server/http/refuse-foreign-origin'
import { linkDigest } from '~/server/members/link-token'
import { recordGiven } from '~/server/members/record-given'

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

/** Lets one person in by a link, and uses the link up, in one transaction. */
export async function acceptLink(
  deps: Pick<Deps, 'db' | 'now' | 'newId' | 'config'>,
  input: AcceptLinkInput,
  visit: Visit,
): Promise<Accepted> {
  const { db, now } = deps
  const digest = linkDigest(input.token)
  // Hashing takes a while on purpose: only for a link that is worth it, and outside the transaction.
  if ((await readLink(db, digest, now())) === null) throw unusable()
  const password = input.password === undefined ? null : await visit.hash(input.password)
  return db.$transaction(async (tx) => {
    const at = now()
    const link = await readLink(tx, digest, at)
    if (link === null) throw unusable()
    const isSandbox = link.kind === 'setup' && link.email === SANDBOX_OPERATOR.email
    if (isSandbox) requireSandbox(deps, visit)
    if (link.kind === 'setup' && !isSandbox) await requireNoAdmin(tx)
    const known = link.kind === 'invitation' && link.email !== null ? await readUserIdOf(tx, link.email) : null
    if (known !== null) await recover(deps, tx, { link, userId: known, password, at })
    const userId = isSandbox
      ? await keepSandboxOperator(tx, { id: deps.newId(), at })
      : (known ?? (await addMember(deps, tx, link, { ...input, password }, at)))
    if (!(await takeLink(tx, link.id, userId, at))) throw unusable()
    await recordGiven(deps, tx, { userId, by: link.createdBy, at })
    const actor = isSandbox ? SANDBOX_OPERATOR.email : (link.email ?? input.email ?? '')
    const payload = { invitation_id: link.id, kind: link.kind, role: link.role, environments: link.environments }
    await appendAuditEvent(tx, { actor, at }, { action: 'console.link.used', status: null, payload })
    return { userId, signsIn: known === null }
  })
}

async function addMember(
  deps: Pick<Deps, 'newId'>,
  tx: DatabaseHandle,
  link: LinkRow,
  input: Pick<AcceptLinkInput, 'name' | 'email'> & { readonly password: string | null },
  at: Date,
): Promise<string> {
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

/** A new password for an account that is there. Whoever knew the old one is out; what the member may do stays as it is. */
async function recover(
  deps: Pick<Deps, 'newId'>,
  tx: DatabaseHandle,
  {
    link,
    userId,
    password,
    at,
  }: { readonly link: LinkRow; readonly userId: string; readonly password: string | null; readonly at: Date },
): Promise<void> {
  if (password === null) throw new AppError('invalid_input', 'A new password is needed. The link is kept.')
  const member = await readMember(tx, userId)
  if (member === null || member.suspendedAt !== null) throw unusable()
  await setPassword(tx, { userId, accountId: deps.newId(), password })
  await endSessionsOf(tx, userId)
  const subject = { actor: link.email ?? '', at }
  await appendAuditEvent(tx, subject, { action: 'console.account.password_changed', status: null, payload: {} })
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

function requireSandbox({ config }: Pick<Deps, 'config'>, { host }: Visit): void {
  if (config.sandboxUrl !== undefined && isLoopbackHost(host)) return
  const detail = 'This link works only against the sandbox, and only on the machine it runs on. Nobody was signed in.'
  throw new AppError('link_unusable', detail)
}

const unusable = () =>
  new AppError(
    'link_unusable',
    'This link was used before, was taken back, or is too old. Nothing was made; ask for another one.',
  )
