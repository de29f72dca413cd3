import 'server-only'
import { decrypt, encrypt, encryptionMark, isReadable } from '~/server/auth/library/encryption'
import {
  listSecondFactorsWithout,
  replaceSecondFactor,
  type SecondFactorRow,
} from '~/server/auth/second-factor/second-factors'
import type { Deps } from '~/server/deps'

/** Rows read at a time. */
const PAGE = 100
const NEXT_TRY_MS = 10_000

type Renewing = Pick<Deps, 'db' | 'config'>

export interface Renewed {
  readonly renewed: number
  /** Kept under a secret that is no longer in the list: nobody can read them while it is not. */
  readonly unreadable: number
}

/**
 * The library keeps secrets of authenticator apps and backup codes encrypted, under what was the first of AUTH_SECRET then,
 * and never looks at them again until they are used. This brings all of them under the first of now, so that the others can
 * be taken out of the list. Replicas may do it at once, and people may use theirs meanwhile: what changed is left as it is.
 */
export async function renewSecondFactors({ db, config }: Renewing): Promise<Renewed> {
  const [current] = config.authSecrets
  let [renewed, unreadable] = [0, 0]
  if (current === undefined) return { renewed, unreadable }
  for (let after: string | null = null; ; ) {
    const page: SecondFactorRow[] = await listSecondFactorsWithout(db, encryptionMark(current), { after, take: PAGE })
    for (const row of page) {
      const readable = [row.secret, row.backupCodes].every((value) => isReadable(config.authSecrets, value))
      if (!readable) unreadable += 1
      else if (await replaceSecondFactor(db, row, await underFirst(config.authSecrets, row))) renewed += 1
    }
    after = page.at(-1)?.id ?? null
    if (page.length < PAGE) return { renewed, unreadable }
  }
}

/** At the start of a server, with what else is kept encrypted; again while the database is away, and then no more. Never throws. */
export async function renewSecondFactorsAtStart(
  deps: Renewing & Pick<Deps, 'logger' | 'pause'>,
  renewOthers: (deps: Renewing) => Promise<void> = async () => undefined,
): Promise<void> {
  for (;;) {
    try {
      const { renewed, unreadable } = await renewSecondFactors(deps)
      await renewOthers(deps)
      if (renewed > 0)
        deps.logger.info({ renewed }, 'second factors are kept under the first secret of AUTH_SECRET now')
      if (unreadable > 0) deps.logger.error({ unreadable }, UNREADABLE)
      return
    } catch (error) {
      deps.logger.warn(
        { err: error },
        'second factors were not brought under the first secret yet; the next try follows',
      )
      await deps.pause(NEXT_TRY_MS)
    }
  }
}

const UNREADABLE =
  'second factors are kept under a secret that was taken out of AUTH_SECRET, and their owners cannot use them; nothing was ' +
  'changed. Put it back behind the first and restart: they are brought under the first then'

async function underFirst(authSecrets: readonly string[], { secret, backupCodes }: SecondFactorRow) {
  const again = async (data: string) => encrypt(authSecrets, await decrypt(authSecrets, data))
  return { secret: await again(secret), backupCodes: await again(backupCodes) }
}
