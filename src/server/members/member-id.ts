import 'server-only'
import { AppError } from '~/domain/errors'
import { readUserIdOf } from '~/server/db/members'
import type { Deps } from '~/server/deps'

/** Whose address it is. Throws `member_unknown`. */
export async function memberIdOf({ db }: Pick<Deps, 'db'>, address: string): Promise<string> {
  const id = await readUserIdOf(db, address)
  if (id === null) throw new AppError('member_unknown', `Nobody here has the address ${address}. Nothing was done.`)
  return id
}
