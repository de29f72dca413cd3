import 'server-only'
import * as client from 'openid-client'
import { z } from 'zod'
import { providerReturn } from '~/server/auth/library/providers/provider-return'
import type { Deps } from '~/server/deps'
import type { ProviderClient } from '~/server/platform/provider-settings'

export const ANSWER_SECONDS = 8
const ANSWER_LIMIT_BYTES = 256 * 1024

export const boundedFetch: client.CustomFetch = async (url, { body, ...options }) => {
  const answer = await fetch(url, {
    ...options,
    body: body instanceof Uint8Array ? new Uint8Array(body) : (body ?? null),
  })
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of answer.body ?? []) {
    size += chunk.length
    if (size > ANSWER_LIMIT_BYTES) throw new Error(`the answer is larger than ${ANSWER_LIMIT_BYTES} bytes`)
    chunks.push(chunk)
  }
  const { status, statusText, headers } = answer
  return new Response(size === 0 ? null : Buffer.concat(chunks), { status, statusText, headers })
}

/** A client whose requests are limited in time and size. The configuration allows plain HTTP only on loopback. */
export function clientOf(server: client.ServerMetadata, { clientId, clientSecret }: ProviderClient) {
  const made = new client.Configuration(server, clientId, clientSecret)
  made[client.customFetch] = boundedFetch
  made.timeout = ANSWER_SECONDS
  if (server.issuer.startsWith('http:')) client.allowInsecureRequests(made)
  return made
}

/** A refusal by the console. The sign-in page has a text for each `code`. */
export class ProviderRefusal extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Runs one step of a return from a provider. Returns null on failure, and logs only the OAuth error and the HTTP status. */
export async function refusingFailures<T>(
  { logger }: Pick<Deps, 'logger'>,
  provider: string,
  step: () => Promise<T>,
): Promise<T | null> {
  try {
    return await step()
  } catch (error) {
    const { refusal, ...facts } = explainFailure(error)
    logger.error({ provider, ...facts }, 'sign-in: a step at the provider failed; nobody was signed in')
    await providerReturn.set({ ...(await providerReturn.get()), refusal })
    return null
  }
}

function explainFailure(error: unknown) {
  const problem = describeProviderError(error)
  if (error instanceof ProviderRefusal) return { refusal: error.code, problem }
  if (error instanceof client.ResponseBodyError) {
    return { refusal: 'provider_refused', problem, oauth_error: error.error.slice(0, 100), http_status: error.status }
  }
  if (error instanceof client.WWWAuthenticateChallengeError) {
    const said = error.cause.find(({ parameters }) => parameters.error !== undefined)?.parameters.error ?? ''
    return { refusal: 'provider_refused', problem, oauth_error: said.slice(0, 100), http_status: error.status }
  }
  const checked = error instanceof client.ClientError && error.code?.startsWith('OAUTH_') && error.code !== TIMEOUT
  return { refusal: checked ? 'provider_answer_invalid' : 'provider_silent', problem }
}

const TIMEOUT = 'OAUTH_TIMEOUT'

const because = z.object({ cause: z.instanceof(Error) })

export function describeProviderError(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { data } = because.safeParse(error)
  return data === undefined ? error.message : `${error.message}: ${describeProviderError(data.cause)}`
}
