import 'server-only'
import type { AuditFilter } from '~/domain/audit/filter'
import type { AuditEntry, AuditExportFormat, AuditFacets, AuditPage } from '~/domain/audit/trail'
import { type AuditRow, readAuditFacet, readAuditRows } from '~/server/audit/audit.sql'
import type { Deps } from '~/server/deps'
import { streamExport } from '~/server/platform/http/stream-export'

/** One page of the audit trail, newest first. */
export async function listAudit(
  deps: Pick<Deps, 'db'>,
  query: { readonly filter: AuditFilter; readonly cursor: string | null; readonly limit: number },
): Promise<AuditPage> {
  const before = query.cursor === null ? null : BigInt(query.cursor)
  // One extra row tells whether there is another page.
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

const EXPORT_PAGE = 500

const COLUMNS = ['id', 'at', 'actor', 'action', 'deploy_id', 'surface_id', 'status', 'payload']

/** All rows that match a filter, newest first, as a download. */
export const exportAudit = (
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  { filter, format }: { readonly filter: AuditFilter; readonly format: AuditExportFormat },
): Promise<Response> =>
  streamExport(deps, {
    name: 'audit',
    format,
    columns: COLUMNS,
    valuesOf: ({ id, at, actor, action, deployId, surfaceId, status, payload }: AuditEntry) => [
      ...[id, at, actor, action, deployId, surfaceId, status],
      { json: payload },
    ],
    readPage: async (cursor) => {
      const { entries, nextCursor } = await listAudit(deps, { filter, cursor, limit: EXPORT_PAGE })
      return { rows: entries, nextCursor }
    },
  })
