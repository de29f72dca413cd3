import 'server-only'
import type { AuditEntry, AuditExportFormat, AuditFacets, AuditFilter, AuditPage } from '~/domain/audit/trail'
import { type AuditRow, readAuditFacet, readAuditRows } from '~/server/audit/audit.sql'
import type { Deps } from '~/server/deps'

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

/**
 * One record of RFC 4180. The trail contains text by workflows and operators, which a spreadsheet must not run: a field that
 * starts like a formula gets a leading apostrophe (OWASP, "CSV Injection").
 */
export function csvRecord(fields: readonly (string | null)[]): string {
  return `${fields.map((field) => csvField(field ?? '')).join(',')}\r\n`
}

const FORMULA_START = /^[=+\-@\t\r\n＝＋－＠]/

function csvField(text: string): string {
  const harmless = FORMULA_START.test(text) ? `'${text}` : text
  return /[",\r\n\t]/.test(harmless) || harmless !== text ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

const EXPORT_PAGE = 500

interface Format {
  readonly contentType: string
  readonly head: string
  readonly foot: string
  readonly row: (entry: AuditEntry, first: boolean) => string
}

const COLUMNS = ['id', 'at', 'actor', 'action', 'deploy_id', 'surface_id', 'status', 'payload']

const FORMATS = {
  csv: {
    contentType: 'text/csv; charset=utf-8; header=present',
    head: csvRecord(COLUMNS),
    foot: '',
    row: ({ id, at, actor, action, deployId, surfaceId, status, payload }) =>
      csvRecord([id, at, actor, action, deployId, surfaceId, status, JSON.stringify(payload)]),
  },
  json: {
    contentType: 'application/json; charset=utf-8',
    head: '[',
    foot: '\n]\n',
    row: ({ deployId: deploy_id, surfaceId: surface_id, ...rest }, first) =>
      `${first ? '' : ','}\n${JSON.stringify({ ...rest, deploy_id, surface_id })}`,
  },
} as const satisfies Record<AuditExportFormat, Format>

/**
 * All rows that match a filter, newest first, as a download. Each page is read when the client has received the one before, so
 * one page is in memory. An error closes the connection, so that a partial export cannot pass for a complete one.
 */
export async function exportAudit(
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  query: { readonly filter: AuditFilter; readonly format: AuditExportFormat },
): Promise<Response> {
  const { filter } = query
  const { contentType, head, foot, row } = FORMATS[query.format]
  // The first page is read before the response starts, so that an unavailable database is answered with a problem document.
  let page: AuditPage | null = await listAudit(deps, { filter, cursor: null, limit: EXPORT_PAGE })
  let sent = false
  const encoder = new TextEncoder()
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        if (page === null) return controller.close()
        const lines = page.entries.map((entry, index) => row(entry, !sent && index === 0))
        const last = page.nextCursor === null
        controller.enqueue(encoder.encode(`${sent ? '' : head}${lines.join('')}${last ? foot : ''}`))
        sent = true
        try {
          page = last ? null : await listAudit(deps, { filter, cursor: page.nextCursor, limit: EXPORT_PAGE })
        } catch (error) {
          deps.logger.error({ err: error }, 'Export of the audit trail failed; the connection was closed')
          throw error
        }
      },
    },
    { highWaterMark: 0 },
  )
  const stamp = deps.now().toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
  return new Response(stream, {
    headers: {
      'content-type': contentType,
      'content-disposition': `attachment; filename="audit-${stamp}Z.${query.format}"`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
  })
}
