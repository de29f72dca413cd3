import 'server-only'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { fullName, parseFullName, shortSha } from '~/domain/ref'
import type { GitHub } from '~/server/github/client'
import { listBranchesAt, listTags, type ResolvedRef } from '~/server/github/refs'

interface Dispatchable {
  readonly repository: string
  /** The surface's default ref. */
  readonly ref: string
  /** Not null: the workflow runs from the chosen ref. */
  readonly onMoved: string | null
}

/**
 * The ref from which the workflow runs: the surface's default ref, or the chosen branch or tag. GitHub starts a workflow on a branch or tag
 * only, so for a commit, a tag or else a branch that points there is taken.
 *
 * @throws AppError `ref_unfit` when no branch or tag points at the commit; as `resolveRef` does
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
  const tag = tags.find(({ sha }) => sha === chosen.sha)
  if (tag !== undefined) return fullName('tag', tag.name)
  const [branch] = branches
  if (branch !== undefined) return fullName('branch', branch.name)
  throw new AppError(
    'ref_unfit',
    `GitHub starts a workflow on a branch or tag only, and the console found none of ${inSentence(repository)} at ${shortSha(chosen.sha)}. ` +
      'Nothing was deployed. Choose a branch or tag, or create a tag at this commit.',
    { details: { sha: chosen.sha } },
  )
}
