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
  /** Null: all environments. */
  readonly environments: readonly string[] | null
  readonly suspendedAt: Date | null
  readonly addedBy: string
  readonly addedAt: Date
}

export const memberSelect = {
  userId: true,
  role: true,
  environments: true,
  allEnvironments: true,
  suspendedAt: true,
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
  environments: allEnvironments ? null : environments,
})

/** The member, suspended or not. Null if the person is not a member. */
export async function readMember(db: DatabaseHandle, userId: string): Promise<MemberRow | null> {
  const row = await db.member.findUnique({ where: { userId }, select: memberSelect })
  return row === null ? null : toMember(row)
}

/** A person's name in the audit trail: the email address. */
export async function readAddress(db: DatabaseHandle, userId: string): Promise<string> {
  const user = await db.user.findUnique({ where: { id: userId }, select: { email: true } })
  return user?.email ?? `user:${userId}`
}

export async function readUserIdOf(db: DatabaseHandle, address: string): Promise<string | null> {
  const user = await db.user.findUnique({ where: { email: address.trim().toLowerCase() }, select: { id: true } })
  return user?.id ?? null
}

const ADMIN = { role: 'admin', allEnvironments: true, suspendedAt: null }
const CAN_SIGN_IN = [{ accounts: { some: {} } }, { passkeys: { some: {} } }]

/** Whether an admin has a password, a provider or a passkey to sign in with. */
export async function hasUsableAdmin(db: DatabaseHandle): Promise<boolean> {
  const admin = await db.member.findFirst({ where: { ...ADMIN, user: { OR: CAN_SIGN_IN } }, select: { userId: true } })
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
  readonly at: Date
}

/** Creates a person, a password account and a member. */
export async function createMember(tx: DatabaseHandle, member: NewMember): Promise<void> {
  const { userId, email, name, at } = member
  await tx.user.create({ data: { id: userId, email, name, createdAt: at, updatedAt: at }, select: { id: true } })
  await tx.account.create({
    // better-auth's names for an account with a password.
    data: { id: member.accountId, userId, accountId: userId, providerId: 'credential', password: member.password },
    select: { id: true },
  })
  const { role, environments, addedBy } = member
  await addMember(tx, { userId, role, environments, addedBy, at })
}

/** Makes a person with an account a member. */
export async function addMember(
  tx: DatabaseHandle,
  { role, environments, at: addedAt, ...member }: Omit<NewMember, 'accountId' | 'email' | 'name' | 'password'>,
): Promise<void> {
  const limits = { role, environments: [...(environments ?? [])], allEnvironments: environments === null }
  await tx.member.create({ data: { ...member, ...limits, addedAt }, select: { userId: true } })
}

/** A page of members after the user id `after`, in the order in which they joined. */
export async function listMembers(
  db: DatabaseHandle,
  page: { readonly after: string | null; readonly limit: number },
): Promise<MemberRow[]> {
  const where = page.after === null ? {} : { userId: { gt: page.after } }
  const rows = await db.member.findMany({ where, orderBy: { userId: 'asc' }, take: page.limit, select: memberSelect })
  return rows.map(toMember)
}

/** Whether another admin can sign in. */
export async function hasOtherAdmin(tx: DatabaseHandle, userId: string): Promise<boolean> {
  const user = { OR: [...CAN_SIGN_IN, { email: SANDBOX_OPERATOR.email }] }
  const where = { ...ADMIN, user, userId: { not: userId } }
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

export async function setSuspended(tx: DatabaseHandle, userId: string, at: Date | null): Promise<void> {
  await tx.member.update({ where: { userId }, data: { suspendedAt: at }, select: { userId: true } })
}

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

/** A person's current rights. Null if the person is not a member, is suspended, or has a role of a newer version. */
export async function findRequester(db: DatabaseHandle, userId: string) {
  const found = await db.member.findUnique({
    where: { userId, suspendedAt: null },
    select: { role: true, environments: true, allEnvironments: true },
  })
  const known = role.safeParse(found?.role).data
  if (found === null || known === undefined) return null
  return { role: known, environments: found.allEnvironments ? null : found.environments }
}
