import { z } from 'zod'
import { type GitHubAppSettings, readGitHubApp } from './github-app-settings.ts'
import { addressRanges, exposureProblems, listeningAddress, perMinute } from './network-settings.ts'
import { type ProviderSettings, readProviders } from './provider-settings.ts'

/**
 * The only reader of the process environment (docs/contract.md, "Configuration").
 * A bad value stops the start: the message names the variable, what is wrong, and an example.
 */
const SANDBOX_HINT = 'unset it to run the sandbox'

const optionalText = z
  .string()
  .trim()
  .transform((value) => (value === '' ? undefined : value))
  .optional()

/** What `URL` would repair without a word (spaces, backslashes) is refused, and so is a user, who would be sent nowhere. */
const isHttpUrl = (value: string) =>
  /^https?:\/\/[^\s\\@]+$/i.test(value) && URL.canParse(value) && new URL(value).port !== '0'

const httpUrl = (example: string) =>
  optionalText.refine(
    (value) => value === undefined || isHttpUrl(value),
    `is no http(s) URL without a user; example: ${example}`,
  )

/** What paths are appended to. */
const baseUrl = (example: string) =>
  httpUrl(example)
    .refine((value) => !/[?#]/.test(value ?? ''), `has a query or a fragment; example: ${example}`)
    .transform((value) => value?.replace(/\/+$/, ''))

/** Scheme, host and port alone. */
const origin = (example: string) =>
  httpUrl(example)
    .refine(
      (value) => value === undefined || !isHttpUrl(value) || /^https?:\/\/[^/?#]+\/*$/i.test(value),
      `has a path, a query or a fragment, and a sub-path is not served; example: ${example}`,
    )
    .transform((value) => (value === undefined || !isHttpUrl(value) ? undefined : new URL(value).origin))

/** On unless it is switched off. */
const switchedOn = (name: string) =>
  optionalText
    .transform((value) => switchOf(value ?? 'on'))
    .refine((value) => value !== undefined, `is neither on nor off; example: ${name}=off`)
    .transform((value) => value ?? true)

/** One secret or more, comma-separated. Empty: none is set. */
const secretList = (problemOf: (secret: string) => string | null, example: string) =>
  optionalText.transform((value, context) => {
    if (value === undefined) return []
    const secrets = value.split(',').map((secret) => secret.trim())
    const problem = secrets.map(problemOf).find((found) => found !== null)
    if (problem === undefined) return secrets
    context.addIssue(`${problem}; example: ${example}`)
    return z.NEVER
  })

const environment = z.object({
  PORT: optionalText
    .refine((value) => value === undefined || /^\d{1,5}$/.test(value), 'is no port number; example: 3000')
    .transform((value) => (value === undefined ? undefined : Number(value)))
    .refine(
      (value) => value === undefined || (value >= 1 && value <= 65_535),
      'is not between 1 and 65535; example: 3000',
    ),
  HOST: listeningAddress,
  CONSOLE_URL: origin('https://console.example.com'),
  DATABASE_URL: optionalText.refine(
    (value) => value === undefined || isPostgresUrl(value),
    'is no PostgreSQL URL (percent-encode special characters of the password); example: postgresql://user:password@db.example.com:5432/console',
  ),
  DATA_DIR: optionalText.transform((value) => value ?? '.data'),
  GITHUB_API_URL: baseUrl('https://github.example.com/api/v3'),
  GITHUB_DISPATCH_TOKEN: optionalText.refine(
    (value) => value === undefined || /^[\x21-\x7e]+$/.test(value),
    'holds a character that no token has; example: ghp_ and letters and digits',
  ),
  GITHUB_APP_ID: optionalText,
  GITHUB_APP_INSTALLATION_ID: optionalText,
  GITHUB_APP_PRIVATE_KEY: optionalText,
  GITHUB_WEBHOOK_SECRET: secretList(
    (secret) => (Buffer.byteLength(secret) < 24 ? 'holds a secret of less than 24 bytes' : null),
    '32 random bytes in hexadecimal (openssl rand -hex 32)',
  ),
  DEPLOY_CALLBACK_HMAC_SECRET: secretList(
    callbackSecretProblem,
    'whsec_ and 32 random bytes in base64 (openssl rand -base64 32)',
  ),
  CALLBACK_SHARED_SECRET: switchedOn('CALLBACK_SHARED_SECRET'),
  AUTH_SECRET: secretList(
    (secret) => (Buffer.byteLength(secret) < 32 ? 'holds a secret of less than 32 bytes' : null),
    '32 random bytes in base64 (openssl rand -base64 32)',
  ),
  AUTH_GITHUB_CLIENT_ID: optionalText,
  AUTH_GITHUB_CLIENT_SECRET: optionalText,
  AUTH_GITHUB_PROVES_IDENTITY: optionalText
    .transform((value) => switchOf(value ?? 'off'))
    .refine((value) => value !== undefined, 'is neither on nor off; example: AUTH_GITHUB_PROVES_IDENTITY=on'),
  AUTH_OIDC_ISSUER: optionalText,
  AUTH_OIDC_CLIENT_ID: optionalText,
  AUTH_OIDC_CLIENT_SECRET: optionalText,
  AUTH_OIDC_NAME: optionalText,
  AUTH_ALLOWED_EMAIL_DOMAINS: optionalText,
  AUTH_ALLOWED_GITHUB: optionalText,
  SURFACES_FILE: optionalText.transform((value) => value ?? 'surfaces.yaml'),
  SANDBOX_URL: baseUrl('http://127.0.0.1:3001'),
  SLACK_WEBHOOK_URL: httpUrl('https://hooks.slack.com/services/T000/B000/XXXX'),
  DELIVERY_PRIVATE_ADDRESSES: optionalText.refine(
    (value) => value === undefined || value === 'allow' || value === 'refuse',
    'is neither allow nor refuse; example: DELIVERY_PRIVATE_ADDRESSES=allow',
  ),
  TRUSTED_PROXIES: addressRanges,
  RATE_LIMIT_PER_MINUTE: perMinute(6_000),
  RATE_LIMIT_REFUSED_PER_MINUTE: perMinute(600),
  IN_PROCESS_WORKER: switchedOn('IN_PROCESS_WORKER'),
  LOG_LEVEL: optionalText.pipe(
    z
      .enum(['debug', 'info', 'warn', 'error', 'silent'], 'is none of debug, info, warn, error, silent; example: info')
      .default('info'),
  ),
})

/** Also what Prisma and the driver make of it: both decode user and password. */
export function isPostgresUrl(value: string): boolean {
  if (!/^postgres(ql)?:\/\/./.test(value) || !URL.canParse(value)) return false
  try {
    const { username, password, pathname } = new URL(value)
    for (const part of [username, password, pathname]) decodeURIComponent(part)
    return true
  } catch {
    return false
  }
}

/** Undefined for what is neither. */
function switchOf(value: string): boolean | undefined {
  const lower = value.toLowerCase()
  if (['1', 'true', 'on'].includes(lower)) return true
  return ['0', 'false', 'off'].includes(lower) ? false : undefined
}

/** Null when usable. `whsec_<base64>` is the decoded bytes, anything else its UTF-8 bytes; 24 of them at least. */
function callbackSecretProblem(secret: string): string | null {
  if (secret.startsWith('whsec_')) {
    const encoded = secret.slice('whsec_'.length)
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return 'holds a whsec_ value that is not base64'
    return Buffer.from(encoded, 'base64').length < 24 ? 'holds a whsec_ value of less than 24 bytes' : null
  }
  return Buffer.byteLength(secret) < 24 ? 'holds a secret of less than 24 bytes' : null
}

export const PUBLIC_GITHUB_API = 'https://api.github.com'

export type GitHubCredentials =
  | { readonly kind: 'token'; readonly token: string }
  | ({ readonly kind: 'app' } & GitHubAppSettings)

export interface Config {
  /** The address it listens on. */
  readonly host: string
  /** Undefined when nobody chose one: 3000, or the next free port. */
  readonly port: number | undefined
  readonly consoleUrl: string | undefined
  /** Undefined: the embedded PostgreSQL under `dataDir`. */
  readonly databaseUrl: string | undefined
  readonly dataDir: string
  readonly githubApiUrl: string
  /** A token or an App. Undefined: no credentials, so the launch starts the sandbox. */
  readonly githubCredentials: GitHubCredentials | undefined
  /** Every secret GitHub's webhooks may be signed with. Empty: none are taken. */
  readonly githubWebhookSecrets: readonly string[]
  /** Every secret a callback may be signed with; the first is the current one. Empty: generated at first start. */
  readonly callbackSecrets: readonly string[]
  /** False: a callback has to be signed with its repository's own secret, or bring GitHub's token. */
  readonly sharedCallbackSecret: boolean
  /** What session cookies are signed with; the first signs, all are accepted. Empty: generated at first start. */
  readonly authSecrets: readonly string[]
  readonly providers: ProviderSettings
  readonly surfacesFile: string
  /** Set by the launch when GitHub is the sandbox. */
  readonly sandboxUrl: string | undefined
  /** A secret: whoever has it can post. Undefined: nobody is told. */
  readonly slackWebhookUrl: string | undefined
  /** Deliveries may go to private addresses, and without TLS. */
  readonly privateDeliveries: boolean
  /** Addresses and ranges whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[]
  /** Requests of one address, and of one account. Undefined: no limit. */
  readonly rateLimitPerMinute: number | undefined
  /** Requests of one address to a signed route that turn out not to be signed. Undefined: no limit. */
  readonly rateLimitRefusedPerMinute: number | undefined
  /** False: jobs and prober run in a process of their own, `npm run worker`. */
  readonly inProcessWorker: boolean
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** `FLAG_*` variables: each wins over file and promotions. */
  readonly forcedFlags: Readonly<Record<string, boolean>>
}

export type Environment = Readonly<Record<string, string | undefined>>

export const processEnvironment = (): Environment => process.env

/** Reads and checks the environment. Throws one error that names every bad variable. */
export function readConfig(env: Environment): Config {
  const parsed = environment.safeParse(env)
  const flags = readForcedFlags(env)
  const github = parsed.success ? readCredentials(parsed.data) : { credentials: undefined, problems: [] }
  const providers = readProviders(parsed.success ? parsed.data : {})
  const problems = [
    ...(parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)),
    ...github.problems,
    ...(parsed.success ? [...sandboxProblems(parsed.data), ...exposureProblems(parsed.data)] : []),
    ...providers.problems,
    ...flags.problems,
  ]
  if (!parsed.success || problems.length > 0) {
    throw new Error(
      `The configuration is not usable; nothing was started.\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    )
  }
  const values = parsed.data
  return {
    host: values.HOST,
    port: values.PORT,
    consoleUrl: values.CONSOLE_URL,
    databaseUrl: values.DATABASE_URL,
    dataDir: values.DATA_DIR,
    githubApiUrl: values.GITHUB_API_URL ?? PUBLIC_GITHUB_API,
    githubCredentials: github.credentials,
    githubWebhookSecrets: values.GITHUB_WEBHOOK_SECRET,
    callbackSecrets: values.DEPLOY_CALLBACK_HMAC_SECRET,
    sharedCallbackSecret: values.CALLBACK_SHARED_SECRET,
    authSecrets: values.AUTH_SECRET,
    providers: providers.settings,
    surfacesFile: values.SURFACES_FILE,
    sandboxUrl: values.SANDBOX_URL,
    slackWebhookUrl: values.SLACK_WEBHOOK_URL,
    privateDeliveries: values.DELIVERY_PRIVATE_ADDRESSES === 'allow',
    trustedProxies: values.TRUSTED_PROXIES ?? [],
    rateLimitPerMinute: values.RATE_LIMIT_PER_MINUTE,
    rateLimitRefusedPerMinute: values.RATE_LIMIT_REFUSED_PER_MINUTE,
    inProcessWorker: values.IN_PROCESS_WORKER,
    logLevel: values.LOG_LEVEL,
    forcedFlags: flags.forced,
  }
}

/** One kind of credentials or none: with both, which of them acts would be a guess. */
function readCredentials(values: z.output<typeof environment>): {
  credentials: GitHubCredentials | undefined
  problems: string[]
} {
  const { app, problems } = readGitHubApp(values)
  const token = values.GITHUB_DISPATCH_TOKEN
  if (token === undefined) return { credentials: app === undefined ? undefined : { kind: 'app', ...app }, problems }
  if (app !== undefined) problems.push('GITHUB_DISPATCH_TOKEN and GITHUB_APP_ID are both set; unset one of them')
  return { credentials: { kind: 'token', token }, problems }
}

/** The sandbox's own admin acts wherever there is a sandbox, so there must be no other GitHub beside it. */
function sandboxProblems({ SANDBOX_URL: sandbox, GITHUB_API_URL: api }: z.output<typeof environment>): string[] {
  if (sandbox === undefined || api?.startsWith(`${sandbox}/`)) return []
  return [
    'SANDBOX_URL is set, and GITHUB_API_URL is not below it; unset SANDBOX_URL ("npm start" sets it for a sandbox)',
  ]
}

function readForcedFlags(env: Environment) {
  const forced: Record<string, boolean> = {}
  const problems: string[] = []
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('FLAG_') || value === undefined || value === '') continue
    const on = switchOf(value)
    if (on === undefined) problems.push(`${name} is neither on nor off; example: ${name}=on`)
    else forced[name] = on
  }
  return { forced, problems }
}

/** What a running server cannot do without; the launch provides all of it when nobody else does. */
export interface ServerConfig extends Config {
  readonly databaseUrl: string
  readonly githubCredentials: GitHubCredentials
  readonly consoleUrl: string
}

/** Like `readConfig`, and refuses to go on without a database, GitHub credentials or secrets. */
export function readServerConfig(env: Environment): ServerConfig {
  const config = readConfig(env)
  const { databaseUrl, githubCredentials } = config
  const missing = [
    databaseUrl === undefined && 'DATABASE_URL is not set; example: postgresql://user:password@localhost:5432/console',
    githubCredentials === undefined &&
      `GITHUB_DISPATCH_TOKEN is not set, and no GitHub App; with "npm start", ${SANDBOX_HINT}`,
    config.callbackSecrets.length === 0 && 'DEPLOY_CALLBACK_HMAC_SECRET is not set; callbacks could not be verified',
    config.authSecrets.length === 0 && 'AUTH_SECRET is not set; nobody could sign in',
  ].filter((line) => line !== false)
  if (databaseUrl === undefined || githubCredentials === undefined || missing.length > 0) {
    throw new Error(
      `The server lacks configuration that "npm start" provides:\n${missing.map((line) => `  - ${line}`).join('\n')}`,
    )
  }
  return {
    ...config,
    databaseUrl,
    githubCredentials,
    consoleUrl: config.consoleUrl ?? `http://localhost:${config.port ?? 3000}`,
  }
}
