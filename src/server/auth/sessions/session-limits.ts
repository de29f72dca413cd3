import 'server-only'
import type { Role } from '~/domain/permissions'

/** However much it is used, a session ends after this. An old session secret is needed no longer than that. */
export const SESSION_DAYS = 7

const MINUTE_MS = 60_000

/** How long a person may do nothing before signing in again is asked for: short for those who may do everything. */
export const idleLimitMs = (role: Role): number => (role === 'admin' ? 30 : 12 * 60) * MINUTE_MS
