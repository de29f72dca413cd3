import 'server-only'
import { AppError } from '~/domain/errors'
import { SANDBOX_OPERATOR } from '~/domain/member'
import type { Deps } from '~/server/deps'
import type { LinkRow } from '~/server/members/invitations'
import type { DatabaseHandle } from '~/server/platform/database'
import { isLoopbackHost } from '~/server/platform/network-settings'

// Everything about access that differs in the sandbox. Its console has a database of its own (docs/adr/033), so nothing
// that is given there reaches a real GitHub.

type WithConfig = Pick<Deps, 'config'>

export const isSandboxOperator = ({ config }: WithConfig, email: string): boolean =>
  config.sandboxUrl !== undefined && email === SANDBOX_OPERATOR.email

/** Whether the browser reached a sandbox console on its own machine; `host` is the request's Host header. */
export const isLocalSandbox = ({ config }: WithConfig, host: string): boolean =>
  config.sandboxUrl !== undefined && isLoopbackHost(host)

export const isSandboxSignIn = ({ kind, email }: Pick<LinkRow, 'kind' | 'email'>): boolean =>
  kind === 'setup' && email === SANDBOX_OPERATOR.email

/**
 * Makes the sandbox's admin on first use and returns its user id.
 *
 * @throws AppError `link_unusable` outside the sandbox, or from another machine
 */
export async function signInSandboxOperator(
  deps: Pick<Deps, 'config' | 'newId'>,
  tx: DatabaseHandle,
  host: string,
  at: Date,
): Promise<string> {
  if (!isLocalSandbox(deps, host)) {
    const detail =
      'This link works only in the sandbox, on the machine that runs it. Nobody was signed in. Open it there.'
    throw new AppError('link_unusable', detail)
  }
  const { email, name } = SANDBOX_OPERATOR
  const user = await tx.user.upsert({
    where: { email },
    create: { id: deps.newId(), email, name },
    update: {},
    select: { id: true },
  })
  const member = { role: 'admin', allEnvironments: true, suspendedAt: null }
  await tx.member.upsert({
    where: { userId: user.id },
    create: { ...member, userId: user.id, addedBy: 'console', addedAt: at },
    update: member,
    select: { userId: true },
  })
  return user.id
}
