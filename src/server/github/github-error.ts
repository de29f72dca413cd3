import 'server-only'
import { z } from 'zod'

/**
 * What Octokit throws: GitHub's answer with an error status, or, without `response`, the report that there was none (its
 * status is then 500). Recognised by its shape, not its class: in the built server Octokit is loaded from outside the
 * bundle, so the class an import here would give is another one.
 */
const gitHubError = z.object({
  name: z.literal('HttpError'),
  status: z.int(),
  message: z.string(),
  response: z.object({ url: z.string().optional(), headers: z.record(z.string(), z.unknown()) }).optional(),
})
export type GitHubError = z.output<typeof gitHubError>

/** Null for whatever is not Octokit's: a timeout, a defect of ours. */
export function asGitHubError(error: unknown): GitHubError | null {
  return gitHubError.safeParse(error).data ?? null
}

/** True when it was the App's request for a token that failed: what was wanted with it was never asked. */
export const isTokenRequest = ({ response }: GitHubError): boolean => /\/access_tokens$/.test(response?.url ?? '')
