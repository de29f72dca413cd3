import 'server-only'
import { type AuditSubject, appendAuditEvent } from '~/server/audit/append-audit'
import { type LinksOf, revokeLinks } from '~/server/members/invitations'
import type { DatabaseHandle } from '~/server/platform/database'

/** Ends the links of one maker, or for one address, that could still be used; each leaves its row in the trail. */
export async function takeBackLinks(tx: DatabaseHandle, of: LinksOf, subject: AuditSubject): Promise<void> {
  for (const { id, kind, role, environments } of await revokeLinks(tx, of, subject.at)) {
    const payload = { invitation_id: id, kind, role, environments }
    await appendAuditEvent(tx, subject, { action: 'console.link.revoked', status: null, payload })
  }
}
