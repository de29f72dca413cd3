/** What the modal shows, as the address bar says it: one deploy, or the way to a new one. */
export type Target =
  | { readonly kind: 'deploy'; readonly deployId: string }
  | { readonly kind: 'new'; readonly surfaceId: string; readonly ref: string | null }

/** `?deploy=<id>` wins over `?surface=<id>[&ref=<ref>]`; null means the modal is closed. */
export function readTarget(params: { get(name: string): string | null }): Target | null {
  const deployId = params.get('deploy')
  if (deployId) return { kind: 'deploy', deployId }
  const surfaceId = params.get('surface')
  if (surfaceId) return { kind: 'new', surfaceId, ref: params.get('ref') || null }
  return null
}

/** The same URL with the modal's parameters replaced; parameters of others stay. */
export function withTarget(search: string, target: Target | null): string {
  const params = new URLSearchParams(search)
  for (const name of ['deploy', 'surface', 'ref']) params.delete(name)
  if (target?.kind === 'deploy') params.set('deploy', target.deployId)
  if (target?.kind === 'new') {
    params.set('surface', target.surfaceId)
    if (target.ref !== null) params.set('ref', target.ref)
  }
  const query = params.toString()
  return query === '' ? '' : `?${query}`
}
