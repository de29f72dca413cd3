import 'server-only'
import { answerOfError, explainAnswer } from '~/server/github/answers'
import type { GitHubError } from '~/server/github/github-error'

/** A look that GitHub did not answer, in words an operator understands. */
export const explainRefusal = (
  error: GitHubError,
  asked: { readonly repository: string; readonly workflow?: string; readonly ref?: string },
): string => explainAnswer('look', answerOfError(error), asked)
