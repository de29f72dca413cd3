import 'server-only'
import { AUDIT_EXPORT_FORMATS } from '~/domain/audit/log'
import { operation } from '~/server/openapi/operation'
import { refTo } from '~/server/openapi/schemas'

const filter = (name: string, description: string, schema: Readonly<Record<string, unknown>> = { type: 'string' }) => ({
  name,
  in: 'query' as const,
  description,
  schema,
})

export const auditPaths = {
  '/api/audit/export': {
    get: operation({
      id: 'exportAudit',
      permission: 'audit.read',
      summary: 'Download the audit trail, newest first',
      parameters: [
        {
          ...filter('format', 'CSV as RFC 4180 has it, or a JSON array.', { enum: AUDIT_EXPORT_FORMATS }),
          required: true,
        },
        filter('deploy', 'Only this deploy.', { type: 'string', format: 'uuid' }),
        filter('surface', 'Only this surface’s id.'),
        filter('actor', 'Only this actor.'),
        filter('action', 'Only this action, such as `console.deploy.callback`.'),
        filter('from', 'From this day or time on, UTC.'),
        filter('to', 'Up to this time (exclusive), or to the end of this day, UTC.'),
      ],
      success: {
        status: 200,
        description: 'The rows that fit.',
        headers: { 'Content-Disposition': { required: true, schema: { type: 'string' } } },
        content: {
          'text/csv': { schema: { type: 'string' } },
          'application/json': { schema: { type: 'array', items: refTo('AuditEntry') } },
        },
      },
      problems: ['invalid_input'],
    }),
  },
}
