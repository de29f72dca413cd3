import 'server-only'
import { inSentence } from '~/domain/foreign-text'
import type { ReviewWarning } from '~/domain/surface/review'
import type { Deps } from '~/server/deps'
import { failedCheckRuns, failedStatuses } from '~/server/github/checks'

const NAMED_AT_MOST = 3

/**
 * The review's warning that a commit's checks are red. A token that may not read one kind of them, or a GitHub that does not
 * answer, is no reason not to review: what could be read counts, and the log says what could not.
 */
export async function checkWarnings(
  { github, logger }: Pick<Deps, 'github' | 'logger'>,
  repository: string,
  sha: string,
): Promise<ReviewWarning[]> {
  const read = [failedCheckRuns, failedStatuses].map((failedOf) =>
    failedOf(github, repository, sha).catch((error: unknown) => {
      logger.info({ repository, sha, err: error }, 'checks of a commit could not be read; it is reviewed without them')
      return { failed: [], complete: true }
    }),
  )
  const kinds = await Promise.all(read)
  const failed = [...new Set(kinds.flatMap((kind) => kind.failed))]
  const texts = [
    ...(failed.length === 0 ? [] : [sentence(failed)]),
    ...(kinds.every(({ complete }) => complete) ? [] : ['Only the first 1,000 checks of this commit were read.']),
  ]
  return texts.map((text) => ({ kind: 'checks_red', text, blocking: false }))
}

function sentence(failed: readonly string[]): string {
  const named = failed.slice(0, NAMED_AT_MOST).map(inSentence).join(', ')
  const others = failed.length - NAMED_AT_MOST
  return `Checks of this commit failed: ${named}${others > 0 ? ` and ${others} more` : ''}.`
}
