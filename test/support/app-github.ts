import { createVerify, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { type Answer, answers, startScriptedGitHub } from '~test/support/scripted-github'

const header = z.object({ alg: z.literal('RS256'), typ: z.literal('JWT') })
const claims = z.object({ iss: z.union([z.string(), z.number()]).transform(String), iat: z.int(), exp: z.int() })

export interface AppOfGitHub {
  readonly appId: string
  readonly installationId: string
  readonly publicKey: KeyObject
}

/**
 * A scripted GitHub that knows one App. The script checks the App's signed token itself, with Node's own cryptography, issues
 * installation tokens, and accepts a dispatch only with the newest token. The first `unknownFor` dispatches are answered 401.
 */
export async function startAppGitHub(app: AppOfGitHub) {
  const issued: string[] = []
  const dispatchedWith: (string | undefined)[] = []
  const state = { unknownFor: 0, runs: 0 }
  const github = await startScriptedGitHub()
  github.script.onAccessToken = ({ path, headers }) => {
    if (path !== `/api/v3/app/installations/${app.installationId}/access_tokens`) return answers.notFound
    if (!isSignedBy(app, headers.authorization)) return answers.unauthorised
    const token = `ghs_token_number_${issued.length + 1}`
    issued.push(token)
    const expires_at = new Date(Date.now() + 3_600_000).toISOString()
    return { status: 201, body: { token, expires_at, permissions: { actions: 'write' }, repository_selection: 'all' } }
  }
  github.script.onDispatch = (): Answer => {
    state.runs += 1
    return { status: 200, body: { workflow_run_id: 4294967296 + state.runs } }
  }
  github.script.around = (request, answer) => {
    if (request.path.endsWith('/access_tokens')) return answer(request)
    const { authorization } = request.headers
    dispatchedWith.push(authorization)
    if (authorization !== `token ${issued.at(-1)}`) return answers.unauthorised
    if (state.unknownFor === 0) return answer(request)
    state.unknownFor -= 1
    return answers.unauthorised
  }
  return { apiUrl: github.apiUrl, issued, state, dispatchedWith, close: github.close }
}

/** RFC 7519 with RS256, and GitHub's own rule that a token lives ten minutes at most. */
function isSignedBy(app: AppOfGitHub, authorization: string | undefined): boolean {
  const [head = '', body = '', signature = ''] = (authorization ?? '').replace(/^bearer /i, '').split('.')
  const verify = createVerify('RSA-SHA256').update(`${head}.${body}`)
  if (!verify.verify(app.publicKey, Buffer.from(signature, 'base64url'))) return false
  const parse = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
  const { iss, iat, exp } = claims.parse(parse(body))
  const now = Date.now() / 1000
  return header.safeParse(parse(head)).success && iss === app.appId && iat <= now && exp > now && exp - iat <= 600
}
