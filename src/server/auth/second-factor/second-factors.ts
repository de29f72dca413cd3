import 'server-only'
import type { DatabaseHandle } from '~/server/platform/database'

/** What is encrypted of one second factor. */
export interface SecondFactorRow {
  readonly id: string
  readonly secret: string
  readonly backupCodes: string
}

const encrypted = { id: true, secret: true, backupCodes: true } as const

/** A page of those of which anything is not marked so, by id. */
export function listSecondFactorsWithout(
  db: DatabaseHandle,
  mark: string,
  page: { readonly after: string | null; readonly take: number },
): Promise<SecondFactorRow[]> {
  const marked = { secret: { startsWith: mark }, backupCodes: { startsWith: mark } }
  return db.twoFactor.findMany({
    where: { NOT: marked, ...(page.after === null ? {} : { id: { gt: page.after } }) },
    select: encrypted,
    orderBy: { id: 'asc' },
    take: page.take,
  })
}

export function readSecondFactor(db: DatabaseHandle, userId: string): Promise<SecondFactorRow | null> {
  return db.twoFactor.findFirst({ where: { userId }, select: encrypted })
}

/** False: somebody changed it since it was read (used a backup code, say), and theirs stays. */
export async function replaceSecondFactor(
  db: DatabaseHandle,
  read: SecondFactorRow,
  by: Pick<SecondFactorRow, 'secret' | 'backupCodes'>,
): Promise<boolean> {
  const { secret, backupCodes } = by
  return (await db.twoFactor.updateMany({ where: { ...read }, data: { secret, backupCodes } })).count === 1
}
