import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

export interface Person {
  readonly sub: string
  readonly email: string
  readonly email_verified: boolean | string
  readonly name: string
}

/** What a test may make wrong, or old, with the next ID token. */
interface Forged {
  readonly nonce?: string
  readonly issuer?: string
  readonly audience?: string
  readonly otherKey?: boolean
  /** When the person proved to the provider who they are; null: it does not say. */
  readonly provedAt?: Date | null
}

export const CLIENT = { id: 'deploy-console', secret: 'oidc-client-secret-of-the-tests' } as const

/**
 * A small OpenID provider on loopback: discovery, a page to sign in on, tokens against code, client and PKCE, keys. It signs
 * real tokens, so the console verifies them as it would anybody's.
 */
export async function startOidcProvider() {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const other = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'key', alg: 'RS256', use: 'sig' }
  const codes = new Map<string, { readonly challenge: string; readonly nonce: string; readonly person: Person }>()
  const state = { person: null as Person | null, forged: {} as Forged, away: false }
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const issuer = `http://127.0.0.1:${port}`

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? '/', issuer)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
    const json = (status: number, body: unknown) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (state.away) return json(503, {})
    if (url.pathname === '/.well-known/openid-configuration') return json(200, metadata(issuer))
    if (url.pathname === '/keys') return json(200, { keys: [jwk] })
    if (url.pathname === '/authorize') {
      if (request.method === 'GET') return page(response, url.search)
      const asked = new URLSearchParams(url.search)
      const back = new URL(asked.get('redirect_uri') ?? '')
      const code = randomBytes(16).toString('hex')
      const { person } = state
      if (person === null || asked.get('code_challenge_method') !== 'S256') return json(400, {})
      codes.set(code, { challenge: asked.get('code_challenge') ?? '', nonce: asked.get('nonce') ?? '', person })
      back.searchParams.set('code', code)
      back.searchParams.set('state', asked.get('state') ?? '')
      return void response.writeHead(303, { location: back.href }).end()
    }
    if (url.pathname === '/token') {
      const grant = codes.get(form.get('code') ?? '')
      codes.delete(form.get('code') ?? '')
      const basic = Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64')
      const known = form.get('client_secret') === CLIENT.secret || request.headers.authorization === `Basic ${basic}`
      const verifier = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url')
      if (grant === undefined || !known || verifier !== grant.challenge) return json(400, { error: 'invalid_grant' })
      const { forged } = state
      const proved = forged.provedAt === undefined ? new Date() : forged.provedAt
      const when = proved === null ? {} : { auth_time: Math.floor(proved.getTime() / 1000) }
      const idToken = await new SignJWT({ ...grant.person, ...when, nonce: forged.nonce ?? grant.nonce })
        .setProtectedHeader({ alg: 'RS256', kid: 'key' })
        .setIssuer(forged.issuer ?? issuer)
        .setAudience(forged.audience ?? CLIENT.id)
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(forged.otherKey === true ? other.privateKey : privateKey)
      return json(200, { access_token: randomBytes(16).toString('hex'), token_type: 'Bearer', id_token: idToken })
    }
    return json(404, {})
  }

  return {
    issuer,
    /** Who signs in on its page next. */
    as: (person: Person, forged: Forged = {}) => Object.assign(state, { person, forged }),
    goAway: (away: boolean) => Object.assign(state, { away }),
    env: { AUTH_OIDC_ISSUER: issuer, AUTH_OIDC_CLIENT_ID: CLIENT.id, AUTH_OIDC_CLIENT_SECRET: CLIENT.secret },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const metadata = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/keys`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
})

function page(response: ServerResponse, search: string): void {
  const action = search.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
  const html = `<!doctype html><title>Provider</title><form method="post" action="/authorize${action}"><button>Let me in</button></form>`
  response.writeHead(200, { 'content-type': 'text/html' }).end(html)
}
