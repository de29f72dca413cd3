import 'server-only'
import { z } from 'zod'
import { SANDBOX_OPERATOR } from '~/domain/member'
import { ROLES, type Role } from '~/domain/permissions'
import type { DatabaseHandle } from '~/server/platform/database'

export interface MemberRow {
  readonly userId: string
  readonly name: string
  readonly email: string
  readonly role: Role
  /** Null: all of them. */
  readonly environments: readonly string[] | null
  readonly suspendedAt: Date | null
  /** What they may do was given in the sandbox, and holds only there. */
  readonly sandboxOnly: boolean
  readonly addedBy: string
  readonly addedAt: Date
}

export const memberSelect = {
  userId: true,
  role: true,
  environments: true,
  allEnvironments: true,
  suspendedAt: true,
  sandboxOnly: true,
  addedBy: true,
  addedAt: true,
  user: { select: { name: true, email: true } },
} as const

const role = z.enum(ROLES)

type Stored = Omit<MemberRow, 'name' | 'email' | 'role' | 'environments'> & {
  readonly role: string
  readonly environments: readonly string[]
  readonly allEnvironments: boolean
  readonly user: { readonly name: string; readonly email: string }
}

export const toMember = ({ user, allEnvironments, environments, ...row }: Stored): MemberRow => ({
  ...row,
  ...user,
  role: role.parse(row.role),
  sandboxOnly: row.sandboxOnly || user.email === SANDBOX_OPERATOR.email,
  environments: allEnvironments ? null : environments,
})

/** Null for an identity without a place here. */
export async function readMember(db: DatabaseHandle, userId: string): Promise<MemberRow | null> {
  const row = await db.member.findUnique({ where: { userId }, select: memberSelect })
  return row === null ? null : toMember(row)
}

/** What the trail calls a person. */
export async function readAddress(db: DatabaseHandle, userId: string): Promise<string> {
  const user = await db.user.findUnique({ where: { id: userId }, select: { email: true } })
  return user?.email ?? `user:${userId}`
}

export async function readUserIdOf(db: DatabaseHandle, address: string): Promise<string | null> {
  const user = await db.user.findUnique({ where: { email: address.trim().toLowerCase() }, select: { id: true } })
  return user?.id ?? null
}

/** An admin who signs in by other means than the sandbox's link, and was not made there. */
const USABLE_ADMIN = {
  role: 'admin',
  allEnvironments: true,
  suspendedAt: null,
  sandboxOnly: false,
  user: {
    email: { not: SANDBOX_OPERATOR.email },
    OR: [{ accounts: { some: {} } }, { passkeys: { some: {} } }],
  },
}

/** Whether anybody but the sandbox's own admin could let others in. */
export async function hasUsableAdmin(db: DatabaseHandle): Promise<boolean> {
  const admin = await db.member.findFirst({ where: USABLE_ADMIN, select: { userId: true } })
  return admin !== null
}

interface NewMember {
  readonly userId: string
  readonly accountId: string
  readonly email: string
  readonly name: string
  /** Hashed. */
  readonly password: string
  readonly role: Role
  readonly environments: readonly string[] | null
  readonly addedBy: string
  readonly sandboxOnly: boolean
  readonly at: Date
}

/** A person, the password to sign in with, and what they may do. */
export async function createMember(tx: DatabaseHandle, member: NewMember): Promise<void> {
  const { userId, email, name, at } = member
  await tx.user.create({ data: { id: userId, email, name, createdAt: at, updatedAt: at }, select: { id: true } })
  await tx.account.create({
    // As better-auth names a password's account.
    data: { id: member.accountId, userId, accountId: userId, providerId: 'credential', password: member.password },
    select: { id: true },
  })
  const { role, environments, addedBy, sandboxOnly } = member
  await addMember(tx, { userId, role, environments, addedBy, sandboxOnly, at })
}

/** What somebody who has an account may do. */
export async function addMember(
  tx: DatabaseHandle,
  { role, environments, at: addedAt, ...member }: Omit<NewMember, 'accountId' | 'email' | 'name' | 'password'>,
): Promise<void> {
  const limits = { role, environments: [...(environments ?? [])], allEnvironments: environments === null }
  await tx.member.create({ data: { ...member, ...limits, addedAt }, select: { userId: true } })
}

/** The sandbox's own admin, made on first use. Has no password, so only a printed link signs it in. */
export async function keepSandboxOperator(
  tx: DatabaseHandle,
  { id, at }: { readonly id: string; readonly at: Date },
): Promise<string> {
  const { email, name } = SANDBOX_OPERATOR
  const user = await tx.user.upsert({ where: { email }, create: { id, email, name }, update: {}, select: { id: true } })
  const member = { role: 'admin', allEnvironments: true, suspendedAt: null, sandboxOnly: true }
  await tx.member.upsert({
    where: { userId: user.id },
    create: { ...member, userId: user.id, addedBy: 'console', addedAt: at },
    update: member,
    select: { userId: true },
  })
  return user.id
}

/** In the order they came; `after` is the last one of the page before. */
export async function listMembers(
  db: DatabaseHandle,
  page: { readonly after: string | null; readonly limit: number },
): Promise<MemberRow[]> {
  const where = page.after === null ? {} : { userId: { gt: page.after } }
  const rows = await db.member.findMany({ where, orderBy: { userId: 'asc' }, take: page.limit, select: memberSelect })
  return rows.map(toMember)
}

/** Whether the console keeps an admin when this one is gone: one who can sign in, and the sandbox's own only there. */
export async function hasOtherAdmin(tx: DatabaseHandle, userId: string, sandbox: boolean): Promise<boolean> {
  const admins = sandbox ? { role: 'admin', allEnvironments: true, suspendedAt: null } : USABLE_ADMIN
  const where = { ...admins, userId: { not: userId } }
  const other = await tx.member.findFirst({ where, select: { userId: true } })
  return other !== null
}

export async function updateLimits(
  tx: DatabaseHandle,
  userId: string,
  limits: { readonly role: Role; readonly environments: readonly string[] | null },
): Promise<void> {
  const { role, environments } = limits
  await tx.member.update({
    where: { userId },
    data: { role, environments: [...(environments ?? [])], allEnvironments: environments === null },
    select: { userId: true },
  })
}

/** From now on, what this member may do holds in the sandbox only, or everywhere. */
export async function setSandboxOnly(tx: DatabaseHandle, userId: string, sandboxOnly: boolean): Promise<void> {
  await tx.member.update({ where: { userId }, data: { sandboxOnly }, select: { userId: true } })
}

export async function setSuspended(tx: DatabaseHandle, userId: string, at: Date | null): Promise<void> {
  await tx.member.update({ where: { userId }, data: { suspendedAt: at }, select: { userId: true } })
}

/** The password somebody signs in with from now on; hashed. */
export async function setPassword(
  tx: DatabaseHandle,
  { userId, accountId, password }: Pick<NewMember, 'userId' | 'accountId' | 'password'>,
): Promise<void> {
  const account = { providerId: 'credential', accountId: userId }
  await tx.account.upsert({
    where: { providerId_accountId: account },
    create: { ...account, id: accountId, userId, password },
    update: { password },
    select: { id: true },
  })
}

/** What a person may do at this moment; null for one who is no member, was suspended, or has a role nobody knows here. */
export async function findRequester(db: DatabaseHandle, userId: string) {
  const found = await db.member.findUnique({
    where: { userId, suspendedAt: null },
    select: {
      role: true,
      environments: true,
      allEnvironments: true,
      sandboxOnly: true,
      user: { select: { email: true } },
    },
  })
  const known = role.safeParse(found?.role).data
  if (found === null || known === undefined) return null
  return {
    role: known,
    environments: found.allEnvironments ? null : found.environments,
    /** Holds while GitHub is the sandbox. */
    sandboxOnly: found.sandboxOnly || found.user.email === SANDBOX_OPERATOR.email,
  }
}
