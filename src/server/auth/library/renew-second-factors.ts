import 'server-only'
import { decrypt, encrypt, encryptionMark, isReadable } from '~/server/auth/library/encryption'
import { listSecondFactorsWithout, replaceSecondFactor, type SecondFactorRow } from '~/server/auth/second-factors'
import type { Deps } from '~/server/deps'

const PAGE = 100
const NEXT_TRY_MS = 10_000

type Renewing = Pick<Deps, 'db' | 'config'>

export interface Renewed {
  readonly renewed: number
  /** Second factors whose secret was removed from the list, so that nobody can decrypt them. */
  readonly unreadable: number
}

/**
 * Encrypts all second factors with the first secret of AUTH_SECRET, so that older secrets can be removed. The library does this
 * only when a second factor is used. Safe on several replicas: rows that changed meanwhile are left alone.
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

/** Renews at the start of a server, and retries if the database is unavailable. `renewOthers`: other encrypted rows. Never throws. */
export async function renewSecondFactorsAtStart(
  deps: Renewing & Pick<Deps, 'logger' | 'pause'>,
  renewOthers: (deps: Renewing) => Promise<void> = async () => undefined,
): Promise<void> {
  for (;;) {
    try {
      const { renewed, unreadable } = await renewSecondFactors(deps)
      await renewOthers(deps)
      if (renewed > 0)
        deps.logger.info({ renewed }, 'Second factors are now encrypted with the first secret of AUTH_SECRET')
      if (unreadable > 0) deps.logger.error({ unreadable }, UNREADABLE)
      return
    } catch (error) {
      deps.logger.warn(
        { err: error },
        'Second factors are not yet encrypted with the first secret of AUTH_SECRET; retrying',
      )
      await deps.pause(NEXT_TRY_MS)
    }
  }
}

const UNREADABLE =
  'Second factors are encrypted with a secret that was removed from AUTH_SECRET, so their owners cannot use them. Nothing ' +
  'was changed. Add the secret again after the first one, and restart'

async function underFirst(authSecrets: readonly string[], { secret, backupCodes }: SecondFactorRow) {
  const again = async (data: string) => encrypt(authSecrets, await decrypt(authSecrets, data))
  return { secret: await again(secret), backupCodes: await again(backupCodes) }
}
