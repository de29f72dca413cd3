import type { KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { type AdapterFactory, type AdapterPayload, Provider } from 'oidc-provider'
import { z } from 'zod'

export interface Person {
  readonly sub: string
  readonly email: string
  readonly email_verified: boolean | string
  readonly name: string
}

type Endpoint = 'discovery' | 'keys' | 'token' | 'userinfo'

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** What the front sends in place of an answer: another answer, nothing, or a broken connection. */
type Disturbance = (answer: Answer) => Answer | 'silent' | 'broken' | Promise<Answer>

/** A key or algorithm other than the provider's own. */
interface Signing {
  readonly key?: CryptoKey | KeyObject
  readonly alg?: string
}

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/.well-known/openid-configuration': 'discovery',
  '/jwks': 'keys',
  '/token': 'token',
  '/me': 'userinfo',
}

/** The provider's key pair and a stranger's, of the same kind and size. */
const keyPairs = Promise.all([generateKeyPair('RS256', { extractable: true }), generateKeyPair('RS256')])

export const CLIENT = { id: 'deploy-console', secret: 'oidc-client-secret-of-the-tests' } as const

/**
 * `oidc-provider`, a certified OpenID provider, on loopback with its defaults: only userinfo has the email address, and the
 * ID token has `auth_time` only if `max_age` was requested. A front before it alters answers to simulate faults.
 */
export async function startOidcProvider() {
  const [{ privateKey }, stranger] = await keyPairs
  const state = { person: null as Person | null, away: false, callback: '' }
  const disturbances = new Map<Endpoint, Disturbance>()

  const front = createServer((incoming, response) => void forward(incoming, response))
  const issuer = await listen(front)
  const provider = new Provider(issuer, {
    adapter: keepInMemory(() => state.callback),
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'key', alg: 'RS256', use: 'sig' }] },
    cookies: { keys: ['a key for the cookies of the tests'] },
    claims: { email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_, accountId) => ({ accountId, claims: async () => ({ ...state.person, sub: accountId }) }),
    loadExistingGrant: async ({ oidc }) => {
      const accountId = oidc.session?.accountId
      const grant = new oidc.provider.Grant({ clientId: CLIENT.id, ...(accountId === undefined ? {} : { accountId }) })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    features: { devInteractions: { enabled: false } },
  })
  provider.proxy = true
  const answer = provider.callback()
  const behind = createServer((incoming, response) => {
    if (incoming.url?.startsWith('/interaction/') !== true) return void answer(incoming, response)
    if (incoming.method === 'GET' || state.person === null) return page(response)
    void provider.interactionFinished(incoming, response, { login: { accountId: state.person.sub } })
  })
  const address = await listen(behind)

  async function forward(incoming: IncomingMessage, response: ServerResponse) {
    const { pathname, searchParams } = new URL(incoming.url ?? '/', issuer)
    // Each test has its own console, so the redirect URI changes.
    if (pathname === '/auth') state.callback = searchParams.get('redirect_uri') ?? state.callback
    if (state.away) return void response.writeHead(503).end()
    const { method, headers } = incoming
    const passedOn = request(new URL(incoming.url ?? '/', address), { method, headers })
    incoming.pipe(passedOn)
    const [answered]: IncomingMessage[] = await once(passedOn, 'response')
    if (answered === undefined) return
    const endpoint = ENDPOINTS[pathname]
    const disturb = endpoint === undefined ? undefined : disturbances.get(endpoint)
    if (disturb === undefined) {
      response.writeHead(answered.statusCode ?? 502, answered.headers)
      return void answered.pipe(response)
    }
    const body = z.record(z.string(), z.unknown()).parse(JSON.parse(await text(answered)))
    const made = await disturb({ status: answered.statusCode ?? 502, body })
    if (made === 'silent') return
    if (made === 'broken') return void response.destroy()
    response.writeHead(made.status, { 'content-type': 'application/json' }).end(JSON.stringify(made.body))
  }

  const disturb = (endpoint: Endpoint, how: Disturbance) => void disturbances.set(endpoint, how)
  /** Signs the ID token again with other claims; `undefined` removes a claim. */
  const forgeIdToken = (claims: Readonly<Record<string, unknown>>, { key = privateKey, alg = 'RS256' }: Signing = {}) =>
    disturb('token', async ({ status, body }) => {
      const token = new SignJWT({ ...decodeJwt(z.string().parse(body['id_token'])), ...claims })
      return { status, body: { ...body, id_token: await token.setProtectedHeader({ alg, kid: 'key' }).sign(key) } }
    })

  return {
    issuer,
    /** Sets the person who signs in next. */
    as: (person: Person) => Object.assign(state, { person }),
    goAway: (away: boolean) => Object.assign(state, { away }),
    disturb,
    forgeIdToken,
    strangersKey: stranger.privateKey,
    env: { AUTH_OIDC_ISSUER: issuer, AUTH_OIDC_CLIENT_ID: CLIENT.id, AUTH_OIDC_CLIENT_SECRET: CLIENT.secret },
    close: () => Promise.all([front, behind].map(close)),
  }
}

/** Submits the provider's sign-in page, as a browser without cookies of it, and returns the URL it redirects to. */
export async function signInAtProvider(url: URL): Promise<URL> {
  const jar = new Map<string, string>()
  for (let at = url, method = 'GET'; ; ) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(at, { method, redirect: 'manual', headers: { cookie } })
    for (const set of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
      jar.set(name, value)
    }
    const location = answer.headers.get('location')
    if (location === null) throw new Error(`the provider led nowhere: ${answer.status} ${await answer.text()}`)
    at = new URL(location, at)
    if (at.origin !== url.origin) return at
    method = at.pathname.startsWith('/interaction/') ? 'POST' : 'GET'
  }
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}

function page(response: ServerResponse): void {
  const html = '<!doctype html><title>Provider</title><form method="post"><button>Let me in</button></form>'
  response.writeHead(200, { 'content-type': 'text/html' }).end(html)
}

/** The provider's storage: the one client, and the data of each sign-in. `callback` gives the client's redirect URI. */
function keepInMemory(callback: () => string): AdapterFactory {
  const kept = new Map<string, AdapterPayload>()
  const all = (suits: (payload: AdapterPayload) => boolean) => [...kept].filter(([, payload]) => suits(payload))
  return (model) => ({
    upsert: async (id, payload) => void kept.set(`${model} ${id}`, payload),
    find: async (id) => {
      if (model !== 'Client') return kept.get(`${model} ${id}`)
      return { client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [callback()] }
    },
    findByUid: async (uid) => all((payload) => payload.uid === uid)[0]?.[1],
    findByUserCode: async () => undefined,
    consume: async (id) => void kept.set(`${model} ${id}`, { ...kept.get(`${model} ${id}`), consumed: true }),
    destroy: async (id) => void kept.delete(`${model} ${id}`),
    revokeByGrantId: async (grantId) => {
      for (const [id] of all((payload) => payload.grantId === grantId)) kept.delete(id)
    },
  })
}
