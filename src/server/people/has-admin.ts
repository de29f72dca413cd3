import 'server-only'
import type { Deps } from '~/server/deps'
import { hasUsableAdmin } from '~/server/members/members'

/** Whether anybody could let others in. Until then a setup link makes the first admin. */
export const hasAdmin = ({ db }: Pick<Deps, 'db'>): Promise<boolean> => hasUsableAdmin(db)
