/** The providers at which people sign in, and the allow-lists of people who need no invitation. */
export interface ProviderSettings {
  /** `provesIdentity`: signing in there counts as a fresh proof. */
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

interface ProviderVariables {
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
  AUTH_GITHUB_CLIENT_SECRET: 'a client secret of the OAuth App',
} as const
const OIDC = {
  AUTH_OIDC_ISSUER: 'https://login.example.com',
  AUTH_OIDC_CLIENT_ID: 'deploy-console, the client id at the provider',
  AUTH_OIDC_CLIENT_SECRET: 'the client secret at the provider',
} as const

/** The providers, and the problems found. A provider needs all of its variables. Secrets never appear in a message. */
export function readProviders(given: ProviderVariables): { settings: ProviderSettings; problems: string[] } {
  const problems = [...incomplete(given, GITHUB), ...incomplete(given, OIDC)]
  const allowedDomains = list(given.AUTH_ALLOWED_EMAIL_DOMAINS).map((domain) => domain.toLowerCase())
  const allowedGitHub = list(given.AUTH_ALLOWED_GITHUB)
  if (!allowedDomains.every((domain) => /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain))) {
    problems.push('AUTH_ALLOWED_EMAIL_DOMAINS is not a list of domains; example: example.com,example.org')
  }
  if (!allowedGitHub.every((entry) => /^[\w.-]+(\/[\w.-]+)?$/.test(entry))) {
    problems.push('AUTH_ALLOWED_GITHUB is not a list of organisations and teams; example: acme,acme-labs/platform')
  }
  const client = (id: string | undefined, secret: string | undefined) =>
    id === undefined || secret === undefined ? undefined : { clientId: id, clientSecret: secret }
  const gitHubClient = client(given.AUTH_GITHUB_CLIENT_ID, given.AUTH_GITHUB_CLIENT_SECRET)
  const provesIdentity = given.AUTH_GITHUB_PROVES_IDENTITY ?? false
  const github = gitHubClient === undefined ? undefined : { ...gitHubClient, provesIdentity }
  if (allowedGitHub.length > 0 && github === undefined) {
    problems.push('AUTH_ALLOWED_GITHUB is set, but nobody can sign in with GitHub; also set AUTH_GITHUB_CLIENT_ID')
  }
  // Not normalised: the provider's own issuer must equal this exactly (OpenID Connect Discovery, 4.3).
  const issuer = given.AUTH_OIDC_ISSUER
  if (issuer !== undefined && !isIssuer(issuer)) {
    problems.push(`AUTH_OIDC_ISSUER is not an https URL; example: ${OIDC.AUTH_OIDC_ISSUER}`)
  }
  const oidcClient = client(given.AUTH_OIDC_CLIENT_ID, given.AUTH_OIDC_CLIENT_SECRET)
  const name = given.AUTH_OIDC_NAME ?? 'single sign-on'
  const oidc = oidcClient === undefined || issuer === undefined ? undefined : { ...oidcClient, issuer, name }
  return { settings: { github, oidc, allowedDomains, allowedGitHub }, problems }
}

function incomplete(given: ProviderVariables, examples: Readonly<Record<string, string>>): string[] {
  const missing = Object.keys(examples).filter((name) => Reflect.get(given, name) === undefined)
  const set = Object.keys(examples).filter((name) => !missing.includes(name))
  if (set.length === 0) return []
  return missing.map((name) => `${name} is not set, and ${set.join(' and ')} needs it; example: ${examples[name]}`)
}

const list = (value: string | undefined): string[] =>
  (value ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')

/** Plain HTTP only on this machine, because TLS authenticates the provider (OpenID Connect Core, 16.17). */
function isIssuer(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, hostname, search, hash } = new URL(value)
  const local = protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  return (protocol === 'https:' || local) && search === '' && hash === ''
}
