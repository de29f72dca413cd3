const BRANCH = 'refs/heads/'
const TAG = 'refs/tags/'

export type NamedKind = 'branch' | 'tag'

export const fullName = (kind: NamedKind, name: string): string => `${kind === 'branch' ? BRANCH : TAG}${name}`

/** A commit as people read it, as on GitHub. */
export const shortSha = (sha: string): string => sha.slice(0, 7)

export const isCommitSha = (ref: string): boolean => /^[0-9a-f]{40}$/.test(ref)

/**
 * The kind and name of a full ref name; null for a SHA or a short name. A branch may itself be named `refs/heads/main`: its full
 * name is `refs/heads/refs/heads/main`, so only the first prefix is taken off.
 */
export function parseFullName(ref: string): { readonly kind: NamedKind; readonly name: string } | null {
  if (ref.startsWith(BRANCH)) return { kind: 'branch', name: ref.slice(BRANCH.length) }
  return ref.startsWith(TAG) ? { kind: 'tag', name: ref.slice(TAG.length) } : null
}

/** A ref in a sentence. Short names are of deploys from before full names were stored. */
export function refLabel(ref: string): string {
  const named = parseFullName(ref)
  if (named === null) return ref
  return named.kind === 'branch' ? named.name : `tag ${named.name}`
}
