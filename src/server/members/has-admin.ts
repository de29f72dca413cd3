import 'server-only'
import { hasUsableAdmin } from '~/server/db/members'
import type { Deps } from '~/server/deps'

/** Whether anybody could let others in. Until then a setup link makes the first admin. */
export const hasAdmin = ({ db }: Pick<Deps, 'db'>): Promise<boolean> => hasUsableAdmin(db)
