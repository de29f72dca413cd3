import 'server-only'
import { AppError } from '~/domain/errors'
import { SANDBOX_OPERATOR } from '~/domain/member'
import { appendAuditEvent } from '~/server/audit/append-audit'
import type { Deps } from '~/server/deps'
import { createLink, revokeSetupLinks } from '~/server/members/invitations'
import { hasUsableAdmin } from '~/server/members/members'
import { linkDigest, newLinkToken } from '~/server/people/link-token'
import { lockAdmins } from '~/server/platform/locks.sql'

/** A setup link is for the person at the machine, now. */
const SETUP_MINUTES = 30

export interface SetupLink {
  readonly path: string
  readonly minutes: number
  /** Signs in the sandbox's own admin; otherwise it makes the first admin. */
  readonly sandbox: boolean
}

/**
 * A one-time link: on a console without an admin it makes the first one. Against the sandbox it signs its own admin in,
 * as often as one is asked for. Links from before stop working. Throws `admin_exists` otherwise.
 */
export async function makeSetupLink(
  { db, now, newId }: Pick<Deps, 'db' | 'now' | 'newId'>,
  options: { readonly sandbox: boolean },
): Promise<SetupLink> {
  const token = newLinkToken()
  const at = now()
  await db.$transaction(async (tx) => {
    await lockAdmins(tx)
    if (!options.sandbox && (await hasUsableAdmin(tx))) {
      throw new AppError(
        'admin_exists',
        'The console has an admin already, so no setup link was made. An admin invites people on the screen “People”.',
      )
    }
    await revokeSetupLinks(tx, at)
    const id = newId()
    const expiresAt = new Date(at.getTime() + SETUP_MINUTES * 60_000)
    const email = options.sandbox ? SANDBOX_OPERATOR.email : null
    const limits = { role: 'admin', environments: null } as const
    await createLink(tx, {
      id,
      kind: 'setup',
      digest: linkDigest(token),
      email,
      ...limits,
      createdBy: 'console',
      createdAt: at,
      expiresAt,
    })
    const payload = { invitation_id: id, kind: 'setup', ...limits, expires_at: expiresAt.toISOString() } as const
    await appendAuditEvent(tx, { actor: 'console', at }, { action: 'console.link.made', status: null, payload })
  })
  return { path: `/setup/${token}`, minutes: SETUP_MINUTES, sandbox: options.sandbox }
}
