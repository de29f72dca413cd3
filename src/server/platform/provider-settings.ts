/** Who else may say who somebody is, and whom of them the console lets in without an invitation. */
export interface ProviderSettings {
  /** `provesIdentity`: signing in there counts as a proof of who it is, for what is grave. */
  readonly github: (ProviderClient & { readonly provesIdentity: boolean }) | undefined
  readonly oidc: (ProviderClient & { readonly issuer: string; readonly name: string }) | undefined
  /** Lower case. */
  readonly allowedDomains: readonly string[]
  /** `org`, or `org/team`. */
  readonly allowedGitHub: readonly string[]
}

export interface ProviderClient {
  readonly clientId: string
  readonly clientSecret: string
}

interface Given {
  readonly AUTH_GITHUB_CLIENT_ID?: string | undefined
  readonly AUTH_GITHUB_CLIENT_SECRET?: string | undefined
  readonly AUTH_GITHUB_PROVES_IDENTITY?: boolean | undefined
  readonly AUTH_OIDC_ISSUER?: string | undefined
  readonly AUTH_OIDC_CLIENT_ID?: string | undefined
  readonly AUTH_OIDC_CLIENT_SECRET?: string | undefined
  readonly AUTH_OIDC_NAME?: string | undefined
  readonly AUTH_ALLOWED_EMAIL_DOMAINS?: string | undefined
  readonly AUTH_ALLOWED_GITHUB?: string | undefined
}

const GITHUB = {
  AUTH_GITHUB_CLIENT_ID: 'Iv23liAbCdEf, from the OAuth App’s page',
  AUTH_GITHUB_CLIENT_SECRET: 'what that page shows under “Client secrets”',
} as const
const OIDC = {
  AUTH_OIDC_ISSUER: 'https://login.example.com',
  AUTH_OIDC_CLIENT_ID: 'deploy-console, as the provider knows it',
  AUTH_OIDC_CLIENT_SECRET: 'what the provider made for it',
} as const

/** The providers, or what is wrong. Each needs all of its variables or none; no secret appears in a message. */
export function readProviders(given: Given): { settings: ProviderSettings; problems: string[] } {
  const problems = [...incomplete(given, GITHUB), ...incomplete(given, OIDC)]
  const allowedDomains = list(given.AUTH_ALLOWED_EMAIL_DOMAINS).map((domain) => domain.toLowerCase())
  const allowedGitHub = list(given.AUTH_ALLOWED_GITHUB)
  if (!allowedDomains.every((domain) => /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain))) {
    problems.push('AUTH_ALLOWED_EMAIL_DOMAINS is no list of domains; example: example.com,example.org')
  }
  if (!allowedGitHub.every((entry) => /^[\w.-]+(\/[\w.-]+)?$/.test(entry))) {
    problems.push('AUTH_ALLOWED_GITHUB is no list of organisations and teams; example: acme,acme-labs/platform')
  }
  const client = (id: string | undefined, secret: string | undefined) =>
    id === undefined || secret === undefined ? undefined : { clientId: id, clientSecret: secret }
  const gitHubClient = client(given.AUTH_GITHUB_CLIENT_ID, given.AUTH_GITHUB_CLIENT_SECRET)
  const provesIdentity = given.AUTH_GITHUB_PROVES_IDENTITY ?? false
  const github = gitHubClient === undefined ? undefined : { ...gitHubClient, provesIdentity }
  if (allowedGitHub.length > 0 && github === undefined) {
    problems.push('AUTH_ALLOWED_GITHUB is set, but nobody can sign in with GitHub; set AUTH_GITHUB_CLIENT_ID too')
  }
  // As it is: the provider's name for itself has to be exactly this (OpenID Connect Discovery, 4.3).
  const issuer = given.AUTH_OIDC_ISSUER
  if (issuer !== undefined && !isIssuer(issuer)) {
    problems.push(`AUTH_OIDC_ISSUER is no https URL; example: ${OIDC.AUTH_OIDC_ISSUER}`)
  }
  const oidcClient = client(given.AUTH_OIDC_CLIENT_ID, given.AUTH_OIDC_CLIENT_SECRET)
  const name = given.AUTH_OIDC_NAME ?? 'single sign-on'
  const oidc = oidcClient === undefined || issuer === undefined ? undefined : { ...oidcClient, issuer, name }
  return { settings: { github, oidc, allowedDomains, allowedGitHub }, problems }
}

function incomplete(given: Given, examples: Readonly<Record<string, string>>): string[] {
  const missing = Object.keys(examples).filter((name) => Reflect.get(given, name) === undefined)
  const there = Object.keys(examples).filter((name) => !missing.includes(name))
  if (there.length === 0) return []
  return missing.map((name) => `${name} is not set, and ${there.join(' and ')} needs it; example: ${examples[name]}`)
}

const list = (value: string | undefined): string[] =>
  (value ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')

/** Plain HTTP only within one machine: what the provider says is believed (OpenID Connect Core, 16.17). */
function isIssuer(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, hostname, search, hash } = new URL(value)
  const local = protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  return (protocol === 'https:' || local) && search === '' && hash === ''
}
