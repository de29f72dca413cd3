import { inSentence } from '~/domain/foreign-text'
import type { Comparison, Touching } from '~/domain/surface/review'

/** A path as surfaces.yaml declares it, as GitHub takes it: a file or a folder, which `/**` may follow. */
export const folderOf = (path: string): string => path.replace(/\/(\*\*)?$/, '')

/** Why a text is no path from the root of a repository; null if it is one. */
export function pathProblem(path: string): string | null {
  const folder = folderOf(path)
  if (/[*?[\]]/.test(folder)) return 'is neither a file nor a folder: only "/**" at the end may stand for any file'
  const parts = folder.split('/')
  return parts.some((part) => part === '' || part === '.' || part === '..')
    ? 'is not a path from the root of the repository'
    : null
}

const NAMED_AT_MOST = 3

/** The paths in a sentence. */
export function listPaths(paths: readonly string[]): string {
  const others = paths.length - NAMED_AT_MOST
  return `${paths.slice(0, NAMED_AT_MOST).map(inSentence).join(', ')}${others > 0 ? ` and ${others} more` : ''}`
}

/** How many commits of a comparison are in GitHub's history of a surface's paths. */
export function touchingSentence({
  adds,
  removes,
  touching: { paths, known },
}: Pick<Comparison, 'adds' | 'removes'> & { readonly touching: Touching }): string {
  if (known === null) return `It is not known which of these commits are in GitHub’s history of ${listPaths(paths)}.`
  const all = adds + removes
  const counted = known.adds + known.removes
  if (counted === 0) return `None of these commits is in GitHub’s history of ${listPaths(paths)}.`
  const commits = `${all} ${all === 1 ? 'commit' : 'commits'}`
  return `${counted} of ${commits} ${counted === 1 ? 'is' : 'are'} in GitHub’s history of ${listPaths(paths)}.`
}
