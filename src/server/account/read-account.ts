import 'server-only'
import type { AccountView } from '~/domain/account'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import { readSignInMethods } from '~/server/account/accounts'
import { isConnected, listProviders } from '~/server/account/list-providers'
import { listSessions } from '~/server/auth/sessions/sessions'
import type { Deps } from '~/server/deps'

/** The account of whoever asks. */
export async function readAccount(deps: Pick<Deps, 'db' | 'now' | 'config'>, actor: Actor): Promise<AccountView> {
  const { db, now } = deps
  const methods = await readSignInMethods(db, actor.userId)
  if (methods === null) throw new AppError('signed_out', 'This account is gone. Nothing was done.')
  const { twoFactorEnabled, passkeys, providers, ...rest } = methods
  const sessions = (await listSessions(db, actor.userId, now())).map((session) => ({
    id: session.id,
    userAgent: session.userAgent ?? '',
    address: session.ipAddress ?? '',
    activeAt: session.activeAt.toISOString(),
    openedAt: session.createdAt.toISOString(),
    current: session.id === actor.sessionId,
  }))
  return {
    ...rest,
    secondFactor: twoFactorEnabled,
    providers: listProviders(deps).map((one) => ({ ...one, connected: isConnected(deps, providers, one.id) })),
    passkeys: passkeys.map(({ id, name, createdAt }) => ({
      id,
      name: name ?? 'Passkey',
      createdAt: createdAt?.toISOString() ?? null,
    })),
    sessions: sessions.toSorted((one, other) => Number(other.current) - Number(one.current)),
  }
}
