/** From least to most: each may do all that the ones before it may. */
export const ROLES = ['viewer', 'deployer', 'approver', 'admin'] as const
export type Role = (typeof ROLES)[number]

/**
 * The one permission table: the least role that may. Procedures and REST routes name a permission; a test walks every
 * one of them with every role. On which environment or surface is the member's, or the token's, own limit.
 */
export const PERMISSIONS = {
  'account.manage': 'viewer',
  'audit.read': 'viewer',
  'deploy.read': 'viewer',
  'flag.read': 'viewer',
  'freeze.read': 'viewer',
  'surface.read': 'viewer',
  'deploy.dispatch': 'deployer',
  'deploy.cancel': 'deployer',
  'token.manage': 'deployer',
  'deploy.approve': 'approver',
  'freeze.manage': 'approver',
  'freeze.override': 'approver',
  'delivery.manage': 'admin',
  'deploy.release_unknown': 'admin',
  'flag.change': 'admin',
  'health.read': 'admin',
  'member.manage': 'admin',
} as const satisfies Record<string, Role>

export type Permission = keyof typeof PERMISSIONS
