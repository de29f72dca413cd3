import type { PERSON_TOKEN_PERMISSIONS, TokenState, TokenView } from '~/domain/api-token'

export const PERMISSION_WORDS = {
  'surface.read': 'Read surfaces',
  'deploy.read': 'Read deploys and their logs',
  'audit.read': 'Read the audit trail',
  'deploy.dispatch': 'Deploy',
  'deploy.cancel': 'Cancel deploys',
  'freeze.override': 'Override freezes',
  'freeze.read': 'Read freezes and locks',
  'freeze.manage': 'Freeze, lock and unlock',
  'deploy.approve': 'Approve deploys of others',
} as const satisfies Record<(typeof PERSON_TOKEN_PERMISSIONS)[number], string>

export const TOKEN_STATE_WORDS = {
  active: 'Active',
  idle: 'Owner has no access',
  expired: 'Expired',
  revoked: 'Revoked',
} as const satisfies Record<TokenState, string>

const WORDS: Readonly<Record<string, string>> = PERMISSION_WORDS

/** For example "Deploy, read deploys and their logs". An unknown permission is shown as stored. */
export function permissionWords(permissions: readonly string[]): string {
  const [first = '', ...others] = permissions.map((permission) => WORDS[permission] ?? permission)
  return [first, ...others.map((words) => words.charAt(0).toLowerCase() + words.slice(1))].join(', ')
}

/** Where the token may change anything; null for a read-only token. */
export function tokenReachWords({
  environments,
  surfaces,
}: Pick<TokenView, 'environments' | 'surfaces'>): string | null {
  if (environments.length === 0) return null
  return surfaces === null ? `all of ${environments.join(' and ')}` : `${surfaces.join(', ')} only`
}
