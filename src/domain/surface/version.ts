import { z } from 'zod'
import { inSentence, isVisible } from '~/domain/foreign-text'
import { isCommitSha, parseFullName } from '~/domain/ref'

/** Where a surface says which version it runs, as surfaces.yaml declares it, and what the value names. */
export const versionSource = z.object({
  /** Null: the answer of the health address. */
  url: z.string().nullable(),
  /** `in`: a member of a JSON body, a header, or a text by a regular expression with the group `version`. */
  in: z.enum(['json', 'header', 'text']),
  at: z.string(),
  is: z.enum(['commit', 'ref']),
})
export type VersionSource = z.output<typeof versionSource>

/** Why no commit is known for a reported version. */
const PROBLEMS = ['unresolved', 'not_commit', 'not_found', 'moved'] as const
export type VersionProblem = (typeof PROBLEMS)[number]

/** What a surface reported, and the commit that it stands for. */
export interface ReportedVersion {
  /** Null if the surface reported the commit in full. */
  readonly name: string | null
  readonly sha: string | null
  readonly problem: VersionProblem | null
}

/** What a path such as `build.commit` finds in an answer; or the first name that is missing, and the object that lacks it. */
type Member =
  | { readonly value: unknown }
  | { readonly missing: string; readonly of: unknown; readonly walked: readonly string[] }

export function findMember(answer: unknown, path: string): Member {
  let value = answer
  const walked: string[] = []
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key))
      return { missing: key, of: value, walked }
    value = Reflect.get(value, key)
    walked.push(key)
  }
  return { value }
}

/** A problem that a newer version stored counts as unresolved. */
export const versionProblem = (stored: string): VersionProblem =>
  PROBLEMS.find((known) => known === stored) ?? 'unresolved'

/** The longest name of a version; a longer text is no name. */
const NAME_LENGTH = 255

/** A text of an answer as the name of a version; null if it is none. */
export function versionName(text: string): string | null {
  const name = text.trim()
  return name !== '' && name.length <= NAME_LENGTH && isVisible(name) ? name : null
}

/** Whether GitHub may still tell the commit. */
export const awaitsCommit = ({ sha, problem }: ReportedVersion): boolean =>
  sha === null && (problem === 'unresolved' || problem === 'not_found')

/** The last deploy of a surface, as far as it tells the commit of a reported name. */
export interface DeployedVersion {
  readonly sha: string | null
  readonly tags: readonly string[]
}

/** The tags under which a deploy's commit was dispatched. `onMoved: null`: the run does not start on the chosen ref. */
export const deployedVersion = (deploy: {
  readonly sha: string | null
  readonly ref: string
  readonly workflowRef: string
  readonly onMoved: string | null
}): DeployedVersion => ({
  sha: deploy.sha,
  tags: [deploy.ref, ...(deploy.onMoved === null ? [] : [deploy.workflowRef])].flatMap((ref) => {
    const named = parseFullName(ref)
    return named?.kind === 'tag' ? [named.name] : []
  }),
})

const ABBREVIATED = /^[0-9a-f]{7,39}$/

/**
 * The commit that a reported name stands for, as far as it is known without GitHub. An abbreviated commit of fewer than seven digits is
 * none. The commit of a name is looked up once: a tag that is moved later does not change what the surface runs.
 */
export function readReportedVersion(
  reported: string,
  {
    is,
    known,
    deployed,
  }: {
    readonly is: VersionSource['is']
    readonly known: ReportedVersion
    readonly deployed: DeployedVersion | null
  },
): ReportedVersion {
  const lowerCase = reported.toLowerCase()
  // A surface that was built from no tag may report its commit instead.
  if (isCommitSha(lowerCase)) return { name: null, sha: lowerCase, problem: null }
  const name = is === 'commit' ? lowerCase : reported.replace(/^refs\/tags\//, '')
  if (is === 'ref' && deployed !== null && deployed.sha !== null && deployed.tags.includes(name))
    return readDeployedTag(name, known, deployed.sha)
  if (name === known.name && known.sha !== null) return known
  if (is === 'commit' && !ABBREVIATED.test(name)) return { name: reported, sha: null, problem: 'not_commit' }
  if (is === 'commit' && deployed?.sha?.startsWith(name) === true) return { name, sha: deployed.sha, problem: null }
  return name === known.name ? known : { name, sha: null, problem: 'unresolved' }
}

/** The dispatch of a tag was a look at it. If another look found another commit, nothing tells which of the two the surface runs. */
function readDeployedTag(name: string, known: ReportedVersion, sha: string): ReportedVersion {
  if (name !== known.name) return { name, sha, problem: null }
  if (known.problem === 'moved') return known
  const isMoved = known.sha !== null && known.sha !== sha
  return isMoved ? { name, sha: null, problem: 'moved' } : { name, sha, problem: null }
}

/** Why the commits of a surface that reports this version are not known. */
export function explainUnknownVersion(name: string, problem: VersionProblem): string {
  const reports = `The surface reports ${inSentence(name)}`
  switch (problem) {
    case 'not_commit':
      return `${reports}, which is not a commit of at least seven hexadecimal digits.`
    case 'not_found':
      return `${reports}, which GitHub does not know in the repository.`
    case 'moved':
      return `${reports}. That tag was moved since, so the commit is not known.`
    case 'unresolved':
      return `${reports}. GitHub has not yet been asked for its commit.`
  }
}
