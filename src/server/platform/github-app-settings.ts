import { createPrivateKey, type KeyObject } from 'node:crypto'

/** A GitHub App installed where the surfaces' repositories are: short-lived tokens instead of a personal one. */
export interface GitHubAppSettings {
  readonly appId: string
  readonly installationId: string
  /** PEM, PKCS#8: what every signer of JWTs takes; GitHub hands the key out as PKCS#1. */
  readonly privateKey: string
}

interface Given {
  readonly GITHUB_APP_ID?: string | undefined
  readonly GITHUB_APP_INSTALLATION_ID?: string | undefined
  readonly GITHUB_APP_PRIVATE_KEY?: string | undefined
}

const EXAMPLES: Readonly<Record<keyof Given, string>> = {
  GITHUB_APP_ID: '123456, from the App’s page',
  GITHUB_APP_INSTALLATION_ID: '45678901, the number at the end of the installation’s address',
  GITHUB_APP_PRIVATE_KEY: 'the .pem file’s text, or that text in base64',
}

/** The App, none, or what is wrong. All three variables or none of them; the key itself never appears in a message. */
export function readGitHubApp(given: Given): { app: GitHubAppSettings | undefined; problems: string[] } {
  const { GITHUB_APP_ID: appId, GITHUB_APP_INSTALLATION_ID: installationId, GITHUB_APP_PRIVATE_KEY: key } = given
  if (appId === undefined && installationId === undefined && key === undefined) return { app: undefined, problems: [] }
  const problems = Object.entries(EXAMPLES)
    .filter(([name]) => Reflect.get(given, name) === undefined)
    .map(([name, example]) => `${name} is not set, and a GitHub App needs all three; example: ${example}`)
  if (appId === undefined || installationId === undefined || key === undefined) return { app: undefined, problems }
  if (!/^(\d+|Iv[\w.]+)$/.test(appId)) problems.push(`GITHUB_APP_ID is no App id; example: ${EXAMPLES.GITHUB_APP_ID}`)
  if (!/^\d+$/.test(installationId)) {
    problems.push(`GITHUB_APP_INSTALLATION_ID is no number; example: ${EXAMPLES.GITHUB_APP_INSTALLATION_ID}`)
  }
  const privateKey = normalisedKey(key)
  if (privateKey === undefined) {
    problems.push(`GITHUB_APP_PRIVATE_KEY is no RSA private key in PEM; example: ${EXAMPLES.GITHUB_APP_PRIVATE_KEY}`)
  }
  if (problems.length > 0 || privateKey === undefined) return { app: undefined, problems }
  return { app: { appId, installationId, privateKey }, problems }
}

/** Environment variables seldom keep line breaks: `\n` spelled out, and base64 of the whole file, are taken too. */
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
