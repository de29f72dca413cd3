import type { DeploySource } from '~/domain/deploy/request'

/** What the modal shows, as the address bar says it: one deploy, one approval, or the way to a new deploy. */
export type Target =
  | { readonly kind: 'deploy'; readonly deployId: string }
  | { readonly kind: 'approval'; readonly approvalId: string }
  | {
      readonly kind: 'new'
      readonly surfaceId: string
      readonly ref: string | null
      /** With `ref`, which then is a commit: the deploy that is gone back to, or the surface that is promoted from. */
      readonly source?: DeploySource
    }

const NAMES = ['deploy', 'approval', 'surface', 'ref', 'rollback', 'promote'] as const

/** `?deploy=<id>` wins over `?approval=<id>` and `?surface=<id>[&ref=<ref>]`; null means the modal is closed. */
export function readTarget(params: { get(name: string): string | null }): Target | null {
  const deployId = params.get('deploy')
  if (deployId) return { kind: 'deploy', deployId }
  const approvalId = params.get('approval')
  if (approvalId) return { kind: 'approval', approvalId }
  const surfaceId = params.get('surface')
  if (!surfaceId) return null
  const ref = params.get('ref') || null
  const source = ref === null ? null : readSource(params)
  return { kind: 'new', surfaceId, ref, ...(source === null ? {} : { source }) }
}

function readSource(params: { get(name: string): string | null }): DeploySource | null {
  const rollback = params.get('rollback')
  if (rollback) return { kind: 'rollback', deployId: rollback }
  const promote = params.get('promote')
  return promote ? { kind: 'promotion', surfaceId: promote } : null
}

/** The same URL with the modal's parameters replaced; parameters of others stay. */
export function withTarget(search: string, target: Target | null): string {
  const params = new URLSearchParams(search)
  for (const name of NAMES) params.delete(name)
  if (target?.kind === 'deploy') params.set('deploy', target.deployId)
  if (target?.kind === 'approval') params.set('approval', target.approvalId)
  if (target?.kind === 'new') {
    params.set('surface', target.surfaceId)
    if (target.ref !== null) params.set('ref', target.ref)
    if (target.source?.kind === 'rollback') params.set('rollback', target.source.deployId)
    if (target.source?.kind === 'promotion') params.set('promote', target.source.surfaceId)
  }
  const query = params.toString()
  return query === '' ? '' : `?${query}`
}
