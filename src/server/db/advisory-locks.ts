import 'server-only'

/** The database's locks that are known by a number, any number: two of one number would wait for each other. */
export const ADVISORY_LOCKS = {
  /** Held over a pass of the reconciler. */
  reconcilePass: 7_310_424,
  /** Held by whoever appends seals, until the transaction ends. */
  seal: 7_310_426,
} as const
