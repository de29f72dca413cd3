import 'server-only'
import type { AccountView, ProofMethods, ProviderProof, ProviderView } from '~/domain/account'
import { type Actor, isProofFresh } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import { readSignInMethods } from '~/server/account/accounts'
import { accountIssuer } from '~/server/auth/accounts.sql'
import { listSessions, readProofAskedOf } from '~/server/auth/sessions/sessions'
import type { Deps } from '~/server/deps'
import { isSandboxOperator } from '~/server/members/sandbox-sign-in'

export async function readAccount(deps: Pick<Deps, 'db' | 'now' | 'config'>, actor: Actor): Promise<AccountView> {
  const { db, now } = deps
  const methods = await readSignInMethods(db, actor.userId)
  if (methods === null)
    throw new AppError('signed_out', 'This account no longer exists. Nothing was done. Ask an admin for an invitation.')
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

/** The methods by which the dialog "Confirm your identity" can ask for a proof. */
export async function listProofMethods(deps: Pick<Deps, 'db' | 'config' | 'now'>, actor: Actor): Promise<ProofMethods> {
  const { db, config } = deps
  const methods = await readSignInMethods(db, actor.userId)
  // A provider that was asked for a fresh proof, and sent none.
  const withoutProof = isProofFresh(actor, deps.now()) ? null : await readProofAskedOf(db, actor.sessionId ?? null)
  const proofOf = (id: string): ProviderProof => {
    if (id === 'github' && config.providers.github?.provesIdentity !== true) return 'never'
    return id === withoutProof ? 'missing' : 'possible'
  }
  return {
    password: methods?.password ?? false,
    passkey: (methods?.passkeys.length ?? 0) > 0,
    sandbox: isSandboxOperator(deps, actor.name),
    providers: listProviders(deps)
      .filter(({ id }) => isConnected(deps, methods?.providers ?? [], id))
      .map((provider) => ({ ...provider, proof: proofOf(provider.id) })),
  }
}

export function listProviders({ config }: Pick<Deps, 'config'>): readonly ProviderView[] {
  const { github, oidc } = config.providers
  return [
    ...(github === undefined ? [] : [{ id: 'github', name: 'GitHub' }]),
    ...(oidc === undefined ? [] : [{ id: 'oidc', name: oidc.name }]),
  ]
}

/** Whether the person has an account at this provider. An account of another issuer does not count. */
const isConnected = (
  { config }: Pick<Deps, 'config'>,
  accounts: readonly { readonly providerId: string; readonly issuer: string | null }[],
  provider: string,
): boolean =>
  accounts.some(({ providerId, issuer }) => providerId === provider && issuer === accountIssuer(config, provider))
