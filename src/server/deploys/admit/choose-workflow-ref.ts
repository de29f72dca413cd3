import 'server-only'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { fullName, parseFullName, shortSha } from '~/domain/ref'
import type { NamedRef } from '~/domain/surface/review'
import type { GitHub } from '~/server/github/client'
import { listBranchesAt, listTags, type ResolvedRef } from '~/server/github/refs'

interface Dispatchable {
  readonly repository: string
  /** The surface's default ref. */
  readonly ref: string
  /** Not null: the workflow runs from the chosen ref. */
  readonly onMoved: string | null
}

const NAMED_AT_MOST = 3

/**
 * The ref from which the workflow runs: the surface's default ref, or the chosen branch or tag. GitHub starts a workflow on a branch or tag
 * only, so a commit is started on the default ref, if it points there, or on a tag. Another branch belongs to somebody, who
 * may move it: the operator chooses it.
 *
 * @throws AppError `ref_unfit` when neither points at the commit; as `resolveRef` does
 */
export async function chooseWorkflowRef(
  github: GitHub,
  { repository, ref, onMoved }: Dispatchable,
  chosen: ResolvedRef,
): Promise<string> {
  if (onMoved === null) return ref
  if (parseFullName(chosen.ref) !== null) return chosen.ref
  const [tags, branches] = await Promise.all([
    listTags(github, repository),
    listBranchesAt(github, repository, chosen.sha),
  ])
  const isDefault = ({ name }: NamedRef) => ref === name || ref === fullName('branch', name)
  const own = branches.find(isDefault)
  if (own !== undefined) return fullName('branch', own.name)
  const tag = tags.find(({ sha }) => sha === chosen.sha)
  if (tag !== undefined) return fullName('tag', tag.name)
  const named = branches.slice(0, NAMED_AT_MOST).map(({ name }) => inSentence(name))
  const choice =
    named.length === 0
      ? 'Choose a branch or tag, or create a tag at this commit.'
      : `Choose a branch that points there (${named.join(', ')}), or create a tag at this commit.`
  throw new AppError(
    'ref_unfit',
    `GitHub starts a workflow on a branch or tag only. Neither the default ref of the surface nor a tag of ${inSentence(repository)} is at ${shortSha(chosen.sha)}. ` +
      `Nothing was deployed. ${choice}`,
    { details: { sha: chosen.sha } },
  )
}
