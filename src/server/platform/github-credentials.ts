import { createPrivateKey, type KeyObject } from 'node:crypto'

export type GitHubCredentials =
  | { readonly kind: 'token'; readonly token: string }
  | ({ readonly kind: 'app' } & GitHubAppSettings)

/** A GitHub App that is installed for the surfaces' repositories. It gives short-lived tokens. */
interface GitHubAppSettings {
  readonly appId: string
  readonly installationId: string
  /** PEM in PKCS#8, which every JWT library reads. GitHub issues the key in PKCS#1. */
  readonly privateKey: string
}

interface AppVariables {
  readonly GITHUB_APP_ID?: string | undefined
  readonly GITHUB_APP_INSTALLATION_ID?: string | undefined
  readonly GITHUB_APP_PRIVATE_KEY?: string | undefined
}

const EXAMPLES: Readonly<Record<keyof AppVariables, string>> = {
  GITHUB_APP_ID: '123456, from the App’s page',
  GITHUB_APP_INSTALLATION_ID: '45678901, the number at the end of the installation’s address',
  GITHUB_APP_PRIVATE_KEY: 'the .pem file’s text, or that text in base64',
}

/** A token or an App, or neither. Both are refused, because the console could not know which one to use. */
export function readGitHubCredentials(given: AppVariables & { readonly GITHUB_DISPATCH_TOKEN?: string | undefined }): {
  credentials: GitHubCredentials | undefined
  problems: string[]
} {
  const { app, problems } = readGitHubApp(given)
  const token = given.GITHUB_DISPATCH_TOKEN
  if (token === undefined) return { credentials: app === undefined ? undefined : { kind: 'app', ...app }, problems }
  if (app !== undefined) problems.push('GITHUB_DISPATCH_TOKEN and GITHUB_APP_ID are both set; unset one of them')
  return { credentials: { kind: 'token', token }, problems }
}

/** An App needs all three variables. The key never appears in a message. */
function readGitHubApp(given: AppVariables): { app: GitHubAppSettings | undefined; problems: string[] } {
  const { GITHUB_APP_ID: appId, GITHUB_APP_INSTALLATION_ID: installationId, GITHUB_APP_PRIVATE_KEY: key } = given
  if (appId === undefined && installationId === undefined && key === undefined) return { app: undefined, problems: [] }
  const problems = Object.entries(EXAMPLES)
    .filter(([name]) => Reflect.get(given, name) === undefined)
    .map(([name, example]) => `${name} is not set; a GitHub App needs it; example: ${example}`)
  if (appId === undefined || installationId === undefined || key === undefined) return { app: undefined, problems }
  if (!/^(\d+|Iv[\w.]+)$/.test(appId))
    problems.push(`GITHUB_APP_ID is not an App id; example: ${EXAMPLES.GITHUB_APP_ID}`)
  if (!/^\d+$/.test(installationId)) {
    problems.push(`GITHUB_APP_INSTALLATION_ID is not a number; example: ${EXAMPLES.GITHUB_APP_INSTALLATION_ID}`)
  }
  const privateKey = normalisedKey(key)
  if (privateKey === undefined) {
    problems.push(
      `GITHUB_APP_PRIVATE_KEY is not an RSA private key in PEM; example: ${EXAMPLES.GITHUB_APP_PRIVATE_KEY}`,
    )
  }
  if (problems.length > 0 || privateKey === undefined) return { app: undefined, problems }
  return { app: { appId, installationId, privateKey }, problems }
}

/** Also accepts `\n` instead of line breaks, and base64 of the file, because many environments drop line breaks. */
function normalisedKey(given: string): string | undefined {
  const text = given.includes('-----BEGIN') ? given : Buffer.from(given, 'base64').toString('utf8')
  const key = parsedKey(text.replaceAll('\\n', '\n'))
  return key?.asymmetricKeyType === 'rsa' ? key.export({ type: 'pkcs8', format: 'pem' }).toString() : undefined
}

function parsedKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined
  }
}
