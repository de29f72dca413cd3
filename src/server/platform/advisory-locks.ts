/** Numbers of PostgreSQL's advisory locks, the launcher's included. Each number is arbitrary, but unique. */
export const ADVISORY_LOCKS = {
  /** Prisma's own lock, so that its CLI, older versions and this program apply migrations one after the other. */
  migrations: 72_707_369,
  reconcilePass: 7_310_424,
  seal: 7_310_426,
  /** Held while a start compares its secrets with the database's, so that two first starts cannot both make secrets. */
  secrets: 7_310_427,
} as const
