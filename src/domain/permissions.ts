/** From least to most. Each role includes the ones before it. */
export const ROLES = ['viewer', 'deployer', 'approver', 'admin'] as const
export type Role = (typeof ROLES)[number]

/**
 * The least role for each permission. Procedures and REST routes name a permission; a test calls each of them with every role. The
 * environments and surfaces are limited per member and per token.
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
