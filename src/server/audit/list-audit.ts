import 'server-only'
import type { AuditEntry, AuditFacets, AuditFilter, AuditPage } from '~/domain/audit/log'
import { type AuditRow, readAuditFacet, readAuditRows } from '~/server/audit/audit-log.sql'
import type { Deps } from '~/server/deps'

/** One page of the audit trail, newest first. */
export async function listAudit(
  deps: Pick<Deps, 'db'>,
  query: { readonly filter: AuditFilter; readonly cursor: string | null; readonly limit: number },
): Promise<AuditPage> {
  const before = query.cursor === null ? null : BigInt(query.cursor)
  // One row more than is shown says whether there is another page.
  const rows = await readAuditRows(deps.db, { filter: query.filter, before, limit: query.limit + 1 })
  const entries = rows.slice(0, query.limit).map(auditEntry)
  return { entries, nextCursor: rows.length > query.limit ? (entries.at(-1)?.id ?? null) : null }
}

export async function listAuditFacets(deps: Pick<Deps, 'db'>): Promise<AuditFacets> {
  const [actions, actors, surfaces] = await Promise.all([
    readAuditFacet(deps.db, 'actions'),
    readAuditFacet(deps.db, 'actors'),
    readAuditFacet(deps.db, 'surfaces'),
  ])
  return { actions, actors, surfaces }
}

const auditEntry = (row: AuditRow): AuditEntry => ({ ...row, id: row.id.toString(), at: row.at.toISOString() })
