import 'server-only'
import { z } from 'zod'
import { SANDBOX_OPERATOR } from '~/domain/member'
import { ROLES } from '~/domain/permissions'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { endSessionsOf } from '~/server/auth/sessions/sessions'
import type { Deps } from '~/server/deps'
import { revokeOpenLinks } from '~/server/members/manage/links'
import { setSuspended } from '~/server/members/members'
import type { DatabaseHandle } from '~/server/platform/database'
import { lockAdmins } from '~/server/platform/locks.sql'

/** The GitHub that a console deploys through. */
export type ConsoleKind = 'sandbox' | 'github'

type ClaimDeps = Pick<Deps, 'db' | 'now'>

/** The database belongs to a console of the other kind. */
class DatabaseRefused extends Error {}

const NEXT_TRY_MS = 5_000

/**
 * Records at the first start whether this database belongs to a sandbox console or to one with a real GitHub, because every
 * newcomer is an admin of the sandbox (docs/adr/033). Throws if it belongs to the other kind.
 */
export async function claimDatabase({ db, now }: ClaimDeps, kind: ConsoleKind): Promise<void> {
  await db.$transaction(async (tx) => {
    await lockAdmins(tx)
    const owner =
      (await tx.claimedDatabase.findFirst({ select: { console: true } }))?.console ?? (await earlierOwner(tx))
    if (owner !== null && owner !== kind) throw new DatabaseRefused(REFUSAL[kind])
    const { count } = await tx.claimedDatabase.createMany({
      data: [{ console: kind, claimedAt: now() }],
      skipDuplicates: true,
    })
    if (count === 1 && kind === 'github') await endSandboxAccess(tx, now())
  })
}

/**
 * For a server or a worker, before it uses the database. Resolves after the first try. If the claim fails, because the database
 * is away or lacks a migration, further tries follow in the background. Calls `refuse` if the database belongs to the other kind.
 */
export async function claimDatabaseAtStart(
  deps: ClaimDeps & Pick<Deps, 'config' | 'logger' | 'pause'>,
  refuse: () => void,
): Promise<void> {
  try {
    await claimDatabase(deps, deps.config.sandboxUrl === undefined ? 'github' : 'sandbox')
  } catch (err) {
    if (err instanceof DatabaseRefused) {
      deps.logger.fatal(err.message)
      refuse()
      return
    }
    deps.logger.warn({ err }, 'the database could not be claimed for this console; the next try follows')
    void deps.pause(NEXT_TRY_MS).then(() => claimDatabaseAtStart(deps, refuse))
  }
}

/** Whether this is a sandbox console's database. Commands ask the database: their environment may lack the credentials. */
export async function isSandboxDatabase({ db }: Pick<Deps, 'db'>): Promise<boolean> {
  return (await db.claimedDatabase.findFirst({ select: { console: true } }))?.console === 'sandbox'
}

const REFUSAL: Readonly<Record<ConsoleKind, string>> = {
  sandbox:
    'This database belongs to a console with a real GitHub, and GitHub credentials are not set, so the sandbox would run on it. ' +
    'Nothing was started, and no data was changed. Set the credentials, or unset DATABASE_URL or name another database to run the sandbox.',
  github:
    'This database belongs to a sandbox console, where everybody on the machine is an admin, and GitHub credentials are set. ' +
    'Nothing was started, and no data was changed. Set DATABASE_URL to another database, or unset the credentials to run the sandbox.',
}

/** Before databases were claimed, members who were not made in the sandbox came with a real GitHub. */
async function earlierOwner(tx: DatabaseHandle): Promise<ConsoleKind | null> {
  const where = { sandboxOnly: false, user: { email: { not: SANDBOX_OPERATOR.email } } }
  return (await tx.member.findFirst({ where, select: { userId: true } })) === null ? null : 'github'
}

/** An older database may have served the sandbox, too. Removes the sandbox's admin, and suspends members from there. */
async function endSandboxAccess(tx: DatabaseHandle, at: Date): Promise<void> {
  const subject = { actor: 'console', at }
  const where = { suspendedAt: null, OR: [{ sandboxOnly: true }, { user: { email: SANDBOX_OPERATOR.email } }] }
  const select = { userId: true, role: true, user: { select: { email: true } } }
  for (const { userId, role, user } of await tx.member.findMany({ where, orderBy: { userId: 'asc' }, select })) {
    await setSuspended(tx, userId, at)
    await endSessionsOf(tx, userId)
    const payload = { member: user.email, role: z.enum(ROLES).parse(role) }
    await appendAuditEvent(tx, subject, { action: 'console.member.suspended', status: null, payload })
    await revokeOpenLinks(tx, { createdBy: user.email }, subject)
  }
  await tx.member.deleteMany({ where: { user: { email: SANDBOX_OPERATOR.email } } })
}
