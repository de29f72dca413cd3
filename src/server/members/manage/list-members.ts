import 'server-only'
import type { InvitationEntry, MemberEntry } from '~/domain/member'
import type { Deps } from '~/server/deps'
import { listInvitations } from '~/server/members/invitations'
import { hasUsableAdmin, listMembers } from '~/server/members/members'
import { listSurfaces } from '~/server/surfaces/surfaces'

const PAGE = 100

export interface PeoplePage {
  readonly members: readonly MemberEntry[]
  readonly nextCursor: string | null
}

export async function listMemberPage({ db }: Pick<Deps, 'db'>, cursor: string | null): Promise<PeoplePage> {
  const rows = await listMembers(db, { after: cursor, limit: PAGE + 1 })
  const shown = rows.slice(0, PAGE)
  const members = shown.map(({ addedAt, suspendedAt, ...row }) => ({
    ...row,
    addedAt: addedAt.toISOString(),
    suspendedAt: suspendedAt?.toISOString() ?? null,
  }))
  return { members, nextCursor: rows.length > PAGE ? (shown.at(-1)?.userId ?? null) : null }
}

/** The usable links, and the environments to which access can be limited. */
export async function listOpenInvitations({ db, now }: Pick<Deps, 'db' | 'now'>) {
  const rows = await listInvitations(db, now(), PAGE)
  const environments = [...new Set((await listSurfaces(db)).map(({ environment }) => environment))]
  const invitations: InvitationEntry[] = rows.map(
    ({ id, kind, email, role, environments: limits, createdBy, expiresAt }) => ({
      id,
      kind,
      email,
      role,
      environments: limits,
      createdBy,
      expiresAt: expiresAt.toISOString(),
    }),
  )
  return { invitations, environments }
}

/** Whether an admin exists who can let others in. Without one, a setup link creates the first admin. */
export const hasAdmin = ({ db }: Pick<Deps, 'db'>): Promise<boolean> => hasUsableAdmin(db)
