/** Numbers of PostgreSQL's advisory locks, the launcher's included. Each number is arbitrary, but unique. */
export const ADVISORY_LOCKS = {
  reconcilePass: 7_310_424,
  seal: 7_310_426,
  /** Held while a start compares its secrets with the database's, so that two first starts cannot both make secrets. */
  secrets: 7_310_427,
} as const
