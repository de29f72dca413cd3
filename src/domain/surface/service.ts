/** What says of a surface which service it is one environment of. */
export interface ServiceMember {
  /** The declared name; null: told by repository and workflow. */
  readonly service: string | null
  readonly repository: string
  readonly workflow: string
}

/**
 * Whether two surfaces are environments of one service, so that the commit of one can be promoted to the other. A commit belongs to a
 * repository, so a service never spans two.
 */
export function isSameService(one: ServiceMember, other: ServiceMember): boolean {
  if (one.repository !== other.repository || one.service !== other.service) return false
  return one.service !== null || one.workflow === other.workflow
}
