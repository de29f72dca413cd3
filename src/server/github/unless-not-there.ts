import 'server-only'
import { answerOfError, classifyAnswer } from '~/server/github/answers'
import { type GitHub, ownerAndRepo } from '~/server/github/client'

/**
 * Null when what is asked for is not there. GitHub answers 404 for that, and for what it does not show to these
 * credentials; only while it shows them the repository is the 404 taken at its word.
 *
 * @throws what GitHub's client throws for the repository when that is not shown either: nothing can be concluded then
 */
export async function unlessNotThere<Answer>(
  github: GitHub,
  repository: string,
  signal: AbortSignal,
  ask: () => Promise<Answer>,
): Promise<Answer | null> {
  try {
    return await ask()
  } catch (error) {
    if (classifyAnswer('look', answerOfError(error)).kind !== 'gone') throw error
    await github.request('GET /repos/{owner}/{repo}', { ...ownerAndRepo(repository), request: { signal } })
    return null
  }
}
