import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { type Handler, startScriptedGitHub } from '~test/support/scripted-github'

/** The claims of GitHub's token for a run of acme/platform's deploy-console.yml. */
export const CLAIMS = {
  repository: 'acme/platform',
  repository_id: '900100',
  run_id: '7',
  run_attempt: '1',
  workflow_ref: 'acme/platform/.github/workflows/deploy-console.yml@refs/heads/main',
  sub: 'repo:acme@1/platform@900100:ref:refs/heads/main',
} as const

/** A scripted GitHub that issues run tokens with real keys. `github.script.onTokenKeys` can replace the answer. */
export async function startRunTokenIssuer() {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const stranger = await generateKeyPair('RS256')
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }] })
  const { apiUrl, origin, script, requests, close } = await startScriptedGitHub()
  const giveKeys: Handler = () => ({ status: 200, text: jwks })
  script.onTokenKeys = giveKeys
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
  /** A token as GitHub makes one: valid from ten minutes before its issue to five minutes after. */
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
  return { apiUrl, issuer, jwks, script, giveKeys, mint, asked: () => requests.length, close }
}
