import type { Permission } from '~/domain/permissions'

/**
 * The permissions that an API token can have: those of the REST routes. A new permission must be listed here before a token can have
 * it. Never `account.manage`, `member.manage` or `token.manage`: a stolen token must not gain more access. Never `deploy.approve`: only a
 * person approves.
 */
export const TOKEN_PERMISSIONS = [
  'surface.read',
  'deploy.read',
  'audit.read',
  'deploy.dispatch',
  'deploy.cancel',
  'freeze.override',
  'freeze.read',
  'freeze.manage',
] as const satisfies readonly Permission[]

/** What the command line of a signed-in person may do besides: it acts with the person's fresh proof, so it may decide about approvals. */
export const PERSON_TOKEN_PERMISSIONS = [
  ...TOKEN_PERMISSIONS,
  'deploy.approve',
] as const satisfies readonly Permission[]
export type TokenPermission = (typeof TOKEN_PERMISSIONS)[number]

/** A permission that changes something is limited to environments and surfaces. Reading is not. */
export const changesSomething = (permission: TokenPermission) => !permission.endsWith('.read')

/** The longest a token lives. */
export const TOKEN_DAYS_AT_MOST = 365

/** `idle`: its owner currently has no access, so the token has none. */
export type TokenState = 'active' | 'idle' | 'expired' | 'revoked'

/** A row of the tokens page: everything but the token. */
export interface TokenView {
  readonly id: string
  readonly label: string
  /** The machine of a person's command line; null for a script's token. */
  readonly machine: string | null
  /** Its first and last characters. */
  readonly shown: string
  readonly state: TokenState
  readonly owner: string
  readonly permissions: readonly string[]
  readonly environments: readonly string[]
  readonly surfaces: readonly string[] | null
  readonly createdAt: string
  readonly expiresAt: string
  /** To the minute; null: never. */
  readonly lastUsedAt: string | null
  readonly revoked: { readonly by: string; readonly at: string } | null
}

/** What the signed-in person may give a token. */
export interface TokenChoices {
  readonly permissions: readonly TokenPermission[]
  readonly environments: readonly string[]
  readonly surfaces: readonly { readonly id: string; readonly name: string; readonly environment: string }[]
}
