import { type Answer, json } from '~/sandbox/http/answer'

const DOCUMENTATION = 'https://docs.github.com/rest'

/** GitHub's error body: `message`, `documentation_url` and, since 2024, the status as text. */
export const apiError = (status: number, message: string, documentationUrl: string = DOCUMENTATION): Answer =>
  json(status, { message, documentation_url: documentationUrl, status: String(status) })

export const notFound = (): Answer => apiError(404, 'Not Found')

export const badCredentials = (): Answer => apiError(401, 'Bad credentials')

/** GitHub Enterprise Server in private mode refuses a request without any token in these words. */
export const notAuthenticated = (): Answer => apiError(401, 'Must authenticate to access this API.')

export const noCommitFor = (ref: string): Answer => apiError(422, `No commit found for SHA: ${ref}`)
