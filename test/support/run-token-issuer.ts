import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'

type Answer = { readonly status: number; readonly body: string; readonly headers?: Readonly<Record<string, string>> }

/** A run of acme/platform's deploy-console.yml, as GitHub's token says it. */
export const CLAIMS = {
  repository: 'acme/platform',
  repository_id: '900100',
  run_id: '7',
  run_attempt: '1',
  workflow_ref: 'acme/platform/.github/workflows/deploy-console.yml@refs/heads/main',
  sub: 'repo:acme@1/platform@900100:ref:refs/heads/main',
} as const

/** GitHub as an issuer of tokens, with real keys over real HTTP, and with whatever its keys are answered with instead. */
export async function startRunTokenIssuer() {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const stranger = await generateKeyPair('RS256')
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }] })
  const script: { keys: (() => Answer | 'silence') | undefined } = { keys: undefined }
  let asked = 0
  const server = createServer((_request, response) => {
    asked += 1
    const answer = script.keys?.() ?? { status: 200, body: jwks }
    if (answer === 'silence') return
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The issuer has no port.')
  const origin = `http://127.0.0.1:${address.port}`
  const issuer = `${origin}/_services/token`

  interface Minting {
    readonly claims?: Readonly<Record<string, unknown>>
    readonly audience?: string
    readonly issuer?: string
    readonly at?: Date
    readonly kid?: string
    readonly key?: 'own' | 'stranger'
    readonly lacking?: keyof JWTPayload
  }
  /** A token as GitHub makes one: for five minutes, valid from ten before. */
  const mint = async (options: Minting = {}): Promise<string> => {
    const {
      claims = {},
      audience = 'http://localhost:3000',
      at = new Date(),
      kid = 'one',
      key = 'own',
      lacking,
    } = options
    const iat = Math.floor(at.getTime() / 1000)
    const payload: JWTPayload = {
      ...CLAIMS,
      iss: options.issuer ?? issuer,
      aud: audience,
      iat,
      nbf: iat - 600,
      exp: iat + 300,
      ...claims,
    }
    if (lacking !== undefined) Reflect.deleteProperty(payload, lacking)
    const signingKey = key === 'own' ? privateKey : stranger.privateKey
    return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid }).sign(signingKey)
  }
  const close = () => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return { apiUrl: `${origin}/api/v3`, issuer, jwks, script, mint, asked: () => asked, close }
}
