import { z } from 'zod'
import { AUDIT_EXPORT_FORMATS, type AUDIT_FILTER_NAMES } from '~/domain/audit/trail'
import { id, rangeEnd, rangeStart, storableText } from '~/domain/input'

const name = storableText.min(1).max(200)

/** The filters of the audit screen, as its address and the export carry them. Times: `from` ≤ at < `to`, UTC. */
export const auditFilter = z.object({
  deploy: id.optional(),
  surface: name.optional(),
  actor: name.optional(),
  action: name.optional(),
  from: rangeStart.optional(),
  to: rangeEnd.optional(),
} satisfies Record<(typeof AUDIT_FILTER_NAMES)[number], z.ZodType>)
export type AuditFilter = z.output<typeof auditFilter>

/** Query of `GET /api/audit/export`. */
export const auditExportQuery = auditFilter.extend({ format: z.enum(AUDIT_EXPORT_FORMATS) })
