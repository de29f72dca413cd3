import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import path from 'node:path'
import { calculateJwkThumbprint, exportJWK, SignJWT } from 'jose'
import { z } from 'zod'
import { fullNameOf, type Repository } from '~/sandbox/git/repository'
import { OWNER_ID } from '~/sandbox/github/shapes/repository'
import { type Answer, json } from '~/sandbox/http/answer'
import { bearerOf } from '~/sandbox/http/incoming-request'
import type { Route } from '~/sandbox/http/router'
import type { IdTokenGrant, JobClaims } from '~/sandbox/runner/types'
import { personByLogin } from '~/sandbox/samples/people'
import { jsonDocument } from '~/sandbox/state/json-document'

export interface IdTokens {
  readonly routes: readonly Route[]
  readonly grant: (claims: JobClaims) => IdTokenGrant
}

interface IdTokensOptions {
  readonly dir: string
  /** The sandbox's origin. As on GitHub Enterprise Server, the issuer is a path below it. */
  readonly web: string
  readonly repositories: readonly Repository[]
}

const TOKEN_SECONDS = 300

/**
 * Issues OpenID Connect tokens for jobs, signed with a key that stays the same across starts:
 * https://docs.github.com/en/actions/reference/security/oidc
 */
export const openIdTokens = async ({ dir, web, repositories }: IdTokensOptions): Promise<IdTokens> => {
  const issuer = `${web}/_services/token`
  const document = jsonDocument(path.join(dir, 'token-key.json'), z.object({ privateKey: z.string() }), () => ({
    privateKey: generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey,
  }))
  document.write(document.read())
  const key = createPrivateKey(document.read().privateKey)
  const jwk = await exportJWK(createPublicKey(key))
  const kid = await calculateJwkThumbprint(jwk)
  /** The claims of each running job, by the job's request token. */
  const jobs = new Map<string, JobClaims>()

  const ownRepository = (claims: JobClaims): Repository => {
    const found = repositories.find((repository) => fullNameOf(repository) === claims['repository'])
    if (found === undefined) throw new Error(`The sandbox has no repository ${claims['repository']}`)
    return found
  }

  const issue = (claims: JobClaims, audience: string): Promise<string> => {
    const now = Math.floor(Date.now() / 1000)
    const { id, owner, name } = ownRepository(claims)
    const context =
      claims['environment'] === undefined ? `ref:${claims['ref']}` : `environment:${claims['environment']}`
    return new SignJWT({
      ...claims,
      jti: randomUUID(),
      sub: `repo:${owner}@${OWNER_ID}/${name}@${id}:${context}`,
      aud: audience,
      repository_id: String(id),
      repository_owner_id: String(OWNER_ID),
      repository_visibility: 'private',
      actor_id: String(personByLogin(claims['actor'] ?? '')?.id ?? ''),
      ref_protected: 'false',
      iss: issuer,
      nbf: now - 600,
      iat: now,
      exp: now + TOKEN_SECONDS,
    })
      .setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid })
      .sign(key)
  }

  const answerToken = async (authorization: string | undefined, audience: string | null): Promise<Answer> => {
    const claims = jobs.get(bearerOf(authorization) ?? '')
    if (claims === undefined) return json(401, { message: 'The token belongs to no running job.' })
    return json(200, { count: 1, value: await issue(claims, audience ?? `${web}/${claims['repository_owner']}`) })
  }

  return {
    routes: [
      {
        method: 'GET',
        pattern: '/_services/token/.well-known/openid-configuration',
        handle: () => json(200, discoveryOf(issuer)),
      },
      {
        method: 'GET',
        pattern: '/_services/token/.well-known/jwks',
        handle: () => json(200, { keys: [{ ...jwk, kid, alg: 'RS256', use: 'sig' }] }),
      },
      {
        method: 'GET',
        pattern: '/_services/pipelines/idtoken',
        handle: ({ header, query }) => answerToken(header('authorization'), query.get('audience')),
      },
    ],
    grant: (claims) => {
      const token = randomBytes(32).toString('base64url')
      jobs.set(token, claims)
      return {
        url: `${web}/_services/pipelines/idtoken?api-version=2.0`,
        token,
        revoke: () => void jobs.delete(token),
      }
    },
  }
}

const discoveryOf = (issuer: string) => ({
  issuer,
  jwks_uri: `${issuer}/.well-known/jwks`,
  subject_types_supported: ['public', 'pairwise'],
  response_types_supported: ['id_token'],
  claims_supported: CLAIMS,
  id_token_signing_alg_values_supported: ['RS256'],
  scopes_supported: ['openid'],
})

/** The claims that GitHub documents, as far as this issuer has them. */
const CLAIMS = [
  ...['sub', 'aud', 'exp', 'iat', 'iss', 'jti', 'nbf', 'ref', 'sha', 'repository', 'repository_id', 'repository_owner'],
  ...['repository_owner_id', 'repository_visibility', 'run_id', 'run_number', 'run_attempt', 'actor', 'actor_id'],
  ...['workflow', 'workflow_ref', 'workflow_sha', 'head_ref', 'base_ref', 'event_name', 'ref_type', 'ref_protected'],
  ...['environment', 'job_workflow_ref', 'job_workflow_sha', 'runner_environment'],
]
