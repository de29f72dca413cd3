import 'server-only'
import type { AuditEntry, AuditExportFormat, AuditFilter } from '~/domain/audit/log'
import { csvRecord } from '~/server/audit/csv'
import { listAudit } from '~/server/audit/list-audit'
import type { Deps } from '~/server/deps'

const PAGE = 500

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
 * The whole trail that fits a filter, newest first, as a download. It is read page by page as the receiver takes it, so
 * it needs the memory of one page; rows appended meanwhile are not part of it. Breaking off midway breaks off the
 * connection: half a trail must not look like a whole one.
 */
export async function exportAudit(
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  query: { readonly filter: AuditFilter; readonly format: AuditExportFormat },
): Promise<Response> {
  const { filter } = query
  const { contentType, head, foot, row } = FORMATS[query.format]
  // The first page before anything is answered: while the database is away, that is a problem document.
  let page: Awaited<ReturnType<typeof listAudit>> | null = await listAudit(deps, { filter, cursor: null, limit: PAGE })
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
          page = last ? null : await listAudit(deps, { filter, cursor: page.nextCursor, limit: PAGE })
        } catch (error) {
          deps.logger.error({ err: error }, 'an export of the audit trail was broken off')
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
