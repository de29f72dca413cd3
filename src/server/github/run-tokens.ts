import 'server-only'
import { createRemoteJWKSet, customFetch, errors, type FetchImplementation, jwtVerify } from 'jose'
import { z } from 'zod'
import type { RunClaims } from '~/domain/deploy/callback'
import { AppError } from '~/domain/errors'
import { PUBLIC_GITHUB_API } from '~/server/platform/config'

// GitHub's OpenID Connect tokens for the jobs of workflows:
// https://docs.github.com/en/actions/reference/security/oidc

const TOLERANCE_SECONDS = 300
/** A job's token is valid for minutes. A token that claims a longer life is refused after this. */
const LONGEST_AGE = '1h'
const KEYS_TIMEOUT_MS = 5_000
/** Both public issuers answer with less than 20 kB. */
const KEYS_LIMIT = 256 * 1024
const TOKEN_LIMIT = 8 * 1024

/** `sub` is not used: repositories can customise its form, and GitHub changed the default in 2026. */
const runClaims = z.object({
  repository: z.string().min(1),
  repository_id: z
    .string()
    .regex(/^\d{1,19}$/)
    .transform(BigInt),
  run_id: z
    .string()
    .regex(/^[1-9]\d{0,18}$/)
    .transform(BigInt),
  run_attempt: z
    .string()
    .regex(/^[1-9]\d{0,6}$/)
    .transform(Number),
  workflow_ref: z.string().min(1),
}) satisfies z.ZodType<RunClaims>

export interface RunTokens {
  /**
   * The claims of a valid token; null for any invalid token.
   * @throws AppError `issuer_unavailable` while the issuer's keys cannot be read
   */
  readonly verify: (token: string, now: Date) => Promise<RunClaims | null>
}

/** The issuer of job tokens: of github.com, of GitHub Enterprise Cloud on ghe.com, or of an Enterprise Server (and the sandbox). */
export function jobTokenIssuer(githubApiUrl: string): string {
  if (githubApiUrl === PUBLIC_GITHUB_API) return 'https://token.actions.githubusercontent.com'
  const { origin, hostname } = new URL(githubApiUrl)
  const subdomain = /^api\.([^.]+)\.ghe\.com$/.exec(hostname)?.[1]
  return subdomain === undefined ? `${origin}/_services/token` : `https://token.actions.${subdomain}.ghe.com`
}

/** Verifies job tokens whose audience is this console. The issuer's keys are cached for ten minutes. */
export function connectRunTokens(config: { readonly githubApiUrl: string; readonly consoleUrl: string }): RunTokens {
  const issuer = jobTokenIssuer(config.githubApiUrl)
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks`), {
    timeoutDuration: KEYS_TIMEOUT_MS,
    [customFetch]: readKeys,
  })
  return {
    async verify(token, now) {
      if (token.length > TOKEN_LIMIT) return null
      try {
        const { payload } = await jwtVerify(token, keys, {
          algorithms: ['RS256'],
          issuer,
          audience: config.consoleUrl,
          requiredClaims: ['exp', 'nbf', 'iat'],
          clockTolerance: TOLERANCE_SECONDS,
          maxTokenAge: LONGEST_AGE,
          currentDate: now,
        })
        return runClaims.safeParse(payload).data ?? null
      } catch (error) {
        if (!(error instanceof errors.JOSEError)) throw unavailable(issuer, error)
        if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) throw unavailable(issuer, error)
        return null
      }
    },
  }
}

const unavailable = (issuer: string, cause: unknown) =>
  new AppError(
    'issuer_unavailable',
    `The keys of ${issuer} cannot be read, so the token was not verified. Nothing was changed. Send the request again in a minute.`,
    { cause },
  )

/** Reads the keys up to their limit. Every failure throws an error that is not a JOSE error, so it does not count as an invalid token. */
const readKeys: FetchImplementation = async (url, options) => {
  const response = await fetch(url, options)
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > KEYS_LIMIT) throw new Error(`the keys are larger than ${KEYS_LIMIT} bytes`)
    chunks.push(chunk)
  }
  if (!response.ok) throw new Error(`the keys were answered with ${response.status}`)
  return Response.json(JSON.parse(Buffer.concat(chunks).toString('utf8')))
}
