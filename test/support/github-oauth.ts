import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'

interface GitHubUser {
  readonly id: number
  readonly login: string
  readonly email: string
  readonly verified: boolean
  /** `org` or `org/team` to the state of the membership. */
  readonly memberships: Readonly<Record<string, 'active' | 'pending'>>
}

export const GITHUB_CLIENT = { id: 'Iv23liTests', secret: 'github-client-secret-of-the-tests' } as const

const grant = z.object({
  client_id: z.string(),
  client_secret: z.string(),
  code: z.string(),
  code_verifier: z.string(),
})

/** GitHub Enterprise Server as far as signing in goes: its page, its tokens, and who somebody is and belongs to. */
export async function startGitHubOAuth() {
  const codes = new Map<string, string>()
  const tokens = new Map<string, readonly string[]>()
  const asked: string[] = []
  const state = { user: null as GitHubUser | null, scopes: [] as readonly string[] }
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const web = `http://127.0.0.1:${port}`

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? '/', web)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
    const json = (status: number, body: unknown) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    asked.push(url.pathname)
    if (url.pathname === '/login/oauth/authorize') {
      const code = randomBytes(8).toString('hex')
      codes.set(code, url.searchParams.get('code_challenge') ?? '')
      state.scopes = (url.searchParams.get('scope') ?? '').split(/[ ,]/)
      const back = new URL(url.searchParams.get('redirect_uri') ?? '')
      back.searchParams.set('code', code)
      back.searchParams.set('state', url.searchParams.get('state') ?? '')
      return void response.writeHead(302, { location: back.href }).end()
    }
    if (url.pathname === '/login/oauth/access_token') {
      const given = grant.safeParse(Object.fromEntries(form)).data
      const challenge = codes.get(given?.code ?? '')
      codes.delete(given?.code ?? '')
      const verifier = createHash('sha256')
        .update(given?.code_verifier ?? '')
        .digest('base64url')
      // GitHub answers 200 to what it refuses, too.
      if (given?.client_secret !== GITHUB_CLIENT.secret || challenge !== verifier) {
        return json(200, { error: 'bad_verification_code' })
      }
      const token = `gho_${randomBytes(12).toString('hex')}`
      tokens.set(token, state.scopes)
      return json(200, { access_token: token, token_type: 'bearer', scope: state.scopes.join(',') })
    }
    const scopes = tokens.get((request.headers.authorization ?? '').replace(/^Bearer /, ''))
    const { user } = state
    if (scopes === undefined || user === null) return json(401, { message: 'Bad credentials' })
    const path = url.pathname.replace('/api/v3', '')
    if (path === '/user') return json(200, { id: user.id, login: user.login, name: null })
    if (path === '/user/emails') {
      return json(200, [
        { email: 'other@example.org', primary: false, verified: true },
        { email: user.email, primary: true, verified: user.verified },
      ])
    }
    if (!scopes.includes('read:org')) return json(403, { message: 'Must have the read:org scope' })
    const org = /^\/user\/memberships\/orgs\/([^/]+)$/.exec(path)?.[1]
    const team = /^\/orgs\/([^/]+)\/teams\/([^/]+)\/memberships\/([^/]+)$/.exec(path)
    const entry = org ?? (team?.[3] === user.login ? `${team[1]}/${team[2]}` : '')
    const membership = user.memberships[entry]
    return membership === undefined ? json(404, { message: 'Not Found' }) : json(200, { state: membership })
  }

  return {
    asked,
    issuer: `${web}/login/oauth`,
    scopes: () => state.scopes,
    as: (user: GitHubUser) => Object.assign(state, { user }),
    env: {
      GITHUB_API_URL: `${web}/api/v3`,
      AUTH_GITHUB_CLIENT_ID: GITHUB_CLIENT.id,
      AUTH_GITHUB_CLIENT_SECRET: GITHUB_CLIENT.secret,
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
