import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { type Answer, answers, startScriptedGitHub } from '~test/support/scripted-github'

interface GitHubUser {
  readonly id: number
  readonly login: string
  readonly email: string
  readonly verified: boolean
  /** The state of each membership, by `org` or `org/team`. */
  readonly memberships: Readonly<Record<string, 'active' | 'pending'>>
}

export const GITHUB_CLIENT = { id: 'Iv23liTests', secret: 'github-client-secret-of-the-tests' } as const

const grant = z.object({
  client_id: z.string(),
  client_secret: z.string(),
  code: z.string(),
  code_verifier: z.string(),
})

/** A scripted GitHub Enterprise Server for sign-in: its page, its tokens, the person who signs in, and that person's memberships. */
export async function startGitHubOAuth() {
  const codes = new Map<string, string>()
  const tokens = new Map<string, readonly string[]>()
  const state = { user: null as GitHubUser | null, scopes: [] as readonly string[] }
  const github = await startScriptedGitHub()
  const { origin, apiUrl, requests, close } = github

  const authorize = ({ searchParams }: URL): Answer => {
    const code = randomBytes(8).toString('hex')
    codes.set(code, searchParams.get('code_challenge') ?? '')
    state.scopes = (searchParams.get('scope') ?? '').split(/[ ,]/)
    const back = new URL(searchParams.get('redirect_uri') ?? '')
    back.searchParams.set('code', code)
    back.searchParams.set('state', searchParams.get('state') ?? '')
    return { status: 302, headers: { location: back.href } }
  }
  const exchange = (form: unknown): Answer => {
    const given = grant.safeParse(form).data
    const challenge = codes.get(given?.code ?? '')
    codes.delete(given?.code ?? '')
    const verifier = createHash('sha256')
      .update(given?.code_verifier ?? '')
      .digest('base64url')
    // GitHub answers refusals with 200 as well.
    if (given?.client_secret !== GITHUB_CLIENT.secret || challenge !== verifier) {
      return { status: 200, body: { error: 'bad_verification_code' } }
    }
    const token = `gho_${randomBytes(12).toString('hex')}`
    tokens.set(token, state.scopes)
    return { status: 200, body: { access_token: token, token_type: 'bearer', scope: state.scopes.join(',') } }
  }

  github.script.onSignIn = ({ path, headers, body }) => {
    const url = new URL(path, origin)
    if (url.pathname === '/login/oauth/authorize') return authorize(url)
    if (url.pathname === '/login/oauth/access_token') return exchange(body)
    const scopes = tokens.get((headers.authorization ?? '').replace(/^Bearer /, ''))
    if (scopes === undefined || state.user === null) return answers.unauthorised
    return aboutUser(state.user, scopes, url.pathname.replace('/api/v3', ''))
  }

  return {
    asked: () => requests.map(({ path }) => new URL(path, origin).pathname),
    issuer: `${origin}/login/oauth`,
    scopes: () => state.scopes,
    as: (user: GitHubUser) => Object.assign(state, { user }),
    env: {
      GITHUB_API_URL: apiUrl,
      AUTH_GITHUB_CLIENT_ID: GITHUB_CLIENT.id,
      AUTH_GITHUB_CLIENT_SECRET: GITHUB_CLIENT.secret,
    },
    close,
  }
}

function aboutUser(user: GitHubUser, scopes: readonly string[], path: string): Answer {
  if (path === '/user') return { status: 200, body: { id: user.id, login: user.login, name: null } }
  if (path === '/user/emails') {
    const body = [
      { email: 'other@example.org', primary: false, verified: true },
      { email: user.email, primary: true, verified: user.verified },
    ]
    return { status: 200, body }
  }
  if (!scopes.includes('read:org')) return { status: 403, body: { message: 'Must have the read:org scope' } }
  const org = /^\/user\/memberships\/orgs\/([^/]+)$/.exec(path)?.[1]
  const team = /^\/orgs\/([^/]+)\/teams\/([^/]+)\/memberships\/([^/]+)$/.exec(path)
  const entry = org ?? (team?.[3] === user.login ? `${team[1]}/${team[2]}` : '')
  const membership = user.memberships[entry]
  return membership === undefined ? answers.notFound : { status: 200, body: { state: membership } }
}
