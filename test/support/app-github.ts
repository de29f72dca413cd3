import { createVerify, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'

const header = z.object({ alg: z.literal('RS256'), typ: z.literal('JWT') })
const claims = z.object({ iss: z.union([z.string(), z.number()]).transform(String), iat: z.int(), exp: z.int() })

export interface AppOfGitHub {
  readonly appId: string
  readonly installationId: string
  readonly publicKey: KeyObject
}

/**
 * A real HTTP server in GitHub's place that knows one App: it checks the App's signed token itself, with Node's own
 * cryptography, hands out installation tokens for it, and accepts a dispatch with the newest of those only,
 * once it knows it: `unknownFor` dispatches are answered 401 first.
 */
export async function startAppGitHub(app: AppOfGitHub) {
  const issued: string[] = []
  const dispatchedWith: (string | undefined)[] = []
  const state = { unknownFor: 0, runs: 0 }
  const server = createServer((request, response) => {
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const { authorization } = request.headers
    request.resume()
    if (request.url === `/api/v3/app/installations/${app.installationId}/access_tokens`) {
      if (!isSignedBy(app, authorization)) return answer(401, { message: 'A JSON web token could not be decoded' })
      const token = `ghs_token_number_${issued.length + 1}`
      issued.push(token)
      const expires_at = new Date(Date.now() + 3_600_000).toISOString()
      return answer(201, { token, expires_at, permissions: { actions: 'write' }, repository_selection: 'all' })
    }
    if (request.url?.includes('/access_tokens')) return answer(404, { message: 'Not Found' })
    dispatchedWith.push(authorization)
    if (authorization !== `token ${issued.at(-1)}`) return answer(401, { message: 'Bad credentials' })
    if (state.unknownFor > 0) {
      state.unknownFor -= 1
      return answer(401, { message: 'Bad credentials' })
    }
    state.runs += 1
    return answer(200, { workflow_run_id: 4294967296 + state.runs })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    apiUrl: `http://127.0.0.1:${port}/api/v3`,
    issued,
    state,
    dispatchedWith,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
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
