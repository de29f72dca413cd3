/** From least to most. Each role includes the ones before it. */
export const ROLES = ['viewer', 'deployer', 'approver', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** What each role may do, as the screen and docs/operations/people.md say. */
export const ROLE_WORDS: Readonly<Record<Role, string>> = {
  viewer: 'can view everything and change nothing',
  deployer: 'can also deploy, roll back, cancel and make API tokens',
  approver: 'can also approve, freeze, lock and override a freeze',
  admin: 'can also manage people, flags, delivery channels, badges and feeds',
}

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
  'embed.manage': 'admin',
  'flag.change': 'admin',
  'health.read': 'admin',
  'member.manage': 'admin',
} as const satisfies Record<string, Role>

export type Permission = keyof typeof PERMISSIONS
