import { z } from 'zod'
import { type GitHubCredentials, readGitHubCredentials } from './github-credentials.ts'
import {
  addressRanges,
  countOrOff,
  exposureProblems,
  ipAddress,
  isLoopback,
  listeningAddress,
} from './network-settings.ts'
import { type ProviderSettings, readProviders } from './provider-settings.ts'
import { bypassList, type Proxies, proxyUrl, withProxyNames } from './proxy-settings.ts'
import { readSecretFiles } from './secret-files.ts'
import {
  baseUrl,
  callbackSecretProblem,
  httpUrl,
  optionalText,
  origin,
  portNumber,
  postgresUrl,
  secretList,
  switchedOn,
  switchOf,
} from './setting-types.ts'

/**
 * The only reader of the process environment (docs/contract.md, "Configuration"). An invalid value stops the start: the message
 * names the variable, the error and an example.
 */
const SANDBOX_HINT = 'unset it to run the sandbox'

/** Each of them may also come from the file that `<name>_FILE` names. */
const secrets = {
  DATABASE_URL: postgresUrl,
  DATABASE_DIRECT_URL: postgresUrl,
  DATABASE_OWNER_URL: postgresUrl,
  GITHUB_DISPATCH_TOKEN: optionalText.refine(
    (value) => value === undefined || /^[\x21-\x7e]+$/.test(value),
    'contains a character that no token has; example: ghp_ and letters and digits',
  ),
  GITHUB_APP_PRIVATE_KEY: optionalText,
  GITHUB_WEBHOOK_SECRET: secretList(
    (secret) => (Buffer.byteLength(secret) < 24 ? 'contains a secret of less than 24 bytes' : null),
    '32 random bytes in hexadecimal (openssl rand -hex 32)',
  ),
  DEPLOY_CALLBACK_HMAC_SECRET: secretList(
    callbackSecretProblem,
    'whsec_ and 32 random bytes in base64 (openssl rand -base64 32)',
  ),
  AUTH_SECRET: secretList(
    (secret) => (Buffer.byteLength(secret) < 32 ? 'contains a secret of less than 32 bytes' : null),
    '32 random bytes in base64 (openssl rand -base64 32)',
  ),
  AUTH_GITHUB_CLIENT_SECRET: optionalText,
  AUTH_OIDC_CLIENT_SECRET: optionalText,
  SLACK_WEBHOOK_URL: httpUrl('https://hooks.slack.com/services/T000/B000/XXXX'),
  // They may contain a password.
  HTTPS_PROXY: proxyUrl,
  HTTP_PROXY: proxyUrl,
}

const environment = z.object({
  PORT: portNumber('3000'),
  HOST: listeningAddress,
  CONSOLE_URL: origin('https://console.example.com'),
  DATA_DIR: optionalText.transform((value) => value ?? '.data'),
  GITHUB_API_URL: baseUrl('https://github.example.com/api/v3'),
  GITHUB_APP_ID: optionalText,
  GITHUB_APP_INSTALLATION_ID: optionalText,
  CALLBACK_SHARED_SECRET: switchedOn('CALLBACK_SHARED_SECRET'),
  AUTH_GITHUB_CLIENT_ID: optionalText,
  AUTH_GITHUB_PROVES_IDENTITY: optionalText
    .transform((value) => switchOf(value ?? 'off'))
    .refine((value) => value !== undefined, 'is neither on nor off; example: AUTH_GITHUB_PROVES_IDENTITY=on'),
  AUTH_OIDC_ISSUER: optionalText,
  AUTH_OIDC_CLIENT_ID: optionalText,
  AUTH_OIDC_NAME: optionalText,
  AUTH_ALLOWED_EMAIL_DOMAINS: optionalText,
  AUTH_ALLOWED_GITHUB: optionalText,
  SURFACES_FILE: optionalText.transform((value) => value ?? 'surfaces.yaml'),
  SANDBOX_URL: baseUrl('http://127.0.0.1:3001'),
  DELIVERY_PRIVATE_ADDRESSES: optionalText.refine(
    (value) => value === undefined || value === 'allow' || value === 'refuse',
    'must be allow or refuse; example: DELIVERY_PRIVATE_ADDRESSES=allow',
  ),
  NO_PROXY: bypassList,
  TRUSTED_PROXIES: addressRanges,
  RATE_LIMIT_PER_MINUTE: countOrOff(6_000),
  RATE_LIMIT_REFUSED_PER_MINUTE: countOrOff(600),
  IN_PROCESS_WORKER: switchedOn('IN_PROCESS_WORKER'),
  LOG_RETENTION_DAYS: countOrOff(180),
  CONSOLE_COMMIT: optionalText.refine(
    (value) => value === undefined || /^[0-9a-f]{7,64}$/.test(value),
    'must be the id of a commit; example: 1f0c2d3e',
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl('http://127.0.0.1:4318'),
  OTEL_SERVICE_NAME: optionalText.transform((value) => value ?? 'deploy-console'),
  METRICS_PORT: portNumber('9464'),
  METRICS_HOST: ipAddress,
  WORKER_HEALTH_PORT: portNumber('3002'),
  DRAIN_SECONDS: optionalText
    .refine((value) => value === undefined || /^\d{1,3}$/.test(value), 'must be a number of seconds; example: 5')
    .transform((value) => (value === undefined ? undefined : Number(value))),
  LOG_FILE: optionalText,
  LOG_LEVEL: optionalText.pipe(
    z
      .enum(['debug', 'info', 'warn', 'error', 'silent'], 'must be debug, info, warn, error or silent; example: info')
      .default('info'),
  ),
  ...secrets,
})

export const PUBLIC_GITHUB_API = 'https://api.github.com'

export interface Config {
  readonly host: string
  /** Undefined if PORT is not set: 3000, or the next free port. */
  readonly port: number | undefined
  readonly consoleUrl: string | undefined
  /** Undefined: the embedded PostgreSQL under `dataDir`. */
  readonly databaseUrl: string | undefined
  /** The same database without a pooler in between, for what needs a session of its own. Undefined: `databaseUrl`. */
  readonly databaseDirectUrl: string | undefined
  /** The role that owns the tables (docs/adr/053). Undefined: the one of `databaseDirectUrl`. */
  readonly databaseOwnerUrl: string | undefined
  readonly dataDir: string
  readonly githubApiUrl: string
  /** Undefined: the launch starts the sandbox. */
  readonly githubCredentials: GitHubCredentials | undefined
  /** The secrets with which GitHub may sign webhooks. Empty: webhooks are refused. */
  readonly githubWebhookSecrets: readonly string[]
  /** The secrets with which callbacks may be signed, the current one first. Empty: the launch generates one. */
  readonly callbackSecrets: readonly string[]
  /** False: a callback needs its repository's own secret, or GitHub's token. */
  readonly sharedCallbackSecret: boolean
  /** The secrets of session cookies: the first signs, all are accepted. Empty: the launch generates one. */
  readonly authSecrets: readonly string[]
  readonly providers: ProviderSettings
  readonly surfacesFile: string
  /** Set by the launch when GitHub is the sandbox. */
  readonly sandboxUrl: string | undefined
  /** A secret: the address alone is enough to post. Undefined: no messages are sent. */
  readonly slackWebhookUrl: string | undefined
  /** Whether deliveries may go to private addresses, and without TLS. */
  readonly privateDeliveries: boolean
  /** Addresses and ranges of proxies whose X-Forwarded-For is trusted. */
  readonly trustedProxies: readonly string[]
  /** The proxies for outgoing requests. */
  readonly proxies: Proxies
  /** Limit per address, and per account. Undefined: no limit. */
  readonly rateLimitPerMinute: number | undefined
  /** Limit of requests with an invalid signature, per address. Undefined: no limit. */
  readonly rateLimitRefusedPerMinute: number | undefined
  /** False: jobs and the prober run in a separate process, `npm run worker`. */
  readonly inProcessWorker: boolean
  /** How long log lines and deliveries are kept after their deploy ended. Undefined: for ever. */
  readonly logRetentionDays: number | undefined
  /** Where traces are sent. Undefined: traces are off. */
  readonly tracesEndpoint: string | undefined
  readonly serviceName: string
  /** The commit that this program was built from. Undefined if it is not known. */
  readonly commit: string | undefined
  /** Undefined: metrics are not served. */
  readonly metricsPort: number | undefined
  readonly metricsHost: string
  /** Where `npm run worker` answers health checks. Undefined: nowhere. */
  readonly workerHealthPort: number | undefined
  /** How long a server that stops goes on to answer, while it is not ready. */
  readonly drainSeconds: number
  /** The file for the log, or `off` for none. Undefined: `npm start` uses a file below `dataDir`, other programs none. */
  readonly logFile: string | undefined
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** The `FLAG_*` variables, which override promotions and defaults. */
  readonly forcedFlags: Readonly<Record<string, boolean>>
}

export type Environment = Readonly<Record<string, string | undefined>>

export const processEnvironment = (): Environment => process.env

/** Where the value of a variable is from. A default applies to one that is not set. */
export type SettingSource = 'environment' | 'file' | 'not set'

/** Every variable that the console reads, without its value. `npm start` sets some of those that are not set. */
export function listSettings(
  given: Environment,
): readonly { readonly name: string; readonly isSecret: boolean; readonly source: SettingSource }[] {
  const env = withProxyNames(given)
  const isSet = (name: string): boolean => (env[name] ?? '').trim() !== ''
  const flags = Object.keys(env).filter((name) => name.startsWith('FLAG_') && isSet(name))
  return [...Object.keys(environment.shape), ...flags].toSorted().map((name) => {
    const isSecret = Object.hasOwn(secrets, name)
    const source = isSet(name) ? 'environment' : isSecret && isSet(`${name}_FILE`) ? 'file' : 'not set'
    return { name, isSecret, source }
  })
}

/** Reads and checks the environment. Throws one error that names every invalid variable. */
export function readConfig(given: Environment): Config {
  const env = withProxyNames(given)
  const files = readSecretFiles(env, Object.keys(secrets))
  const parsed = environment.safeParse({ ...env, ...files.values })
  // The checks of several variables would call one missing whose file could not be read.
  const complete = parsed.success && files.problems.length === 0 ? parsed.data : undefined
  const flags = readForcedFlags(env)
  const github = complete ? readGitHubCredentials(complete) : { credentials: undefined, problems: [] }
  const providers = readProviders(complete ?? {})
  const problems = [
    ...files.problems,
    ...(parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)),
    ...github.problems,
    ...(complete ? [...databaseProblems(complete), ...sandboxProblems(complete), ...exposureProblems(complete)] : []),
    ...providers.problems,
    ...flags.problems,
  ]
  if (complete === undefined || problems.length > 0) {
    throw new Error(
      `The configuration is invalid. Nothing was started. Correct these variables:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    )
  }
  const values = complete
  return {
    host: values.HOST,
    port: values.PORT,
    consoleUrl: values.CONSOLE_URL,
    databaseUrl: values.DATABASE_URL,
    databaseDirectUrl: values.DATABASE_DIRECT_URL,
    databaseOwnerUrl: values.DATABASE_OWNER_URL,
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
    proxies: { https: values.HTTPS_PROXY ?? values.HTTP_PROXY, http: values.HTTP_PROXY, bypass: values.NO_PROXY },
    trustedProxies: values.TRUSTED_PROXIES ?? [],
    rateLimitPerMinute: values.RATE_LIMIT_PER_MINUTE,
    rateLimitRefusedPerMinute: values.RATE_LIMIT_REFUSED_PER_MINUTE,
    inProcessWorker: values.IN_PROCESS_WORKER,
    logRetentionDays: values.LOG_RETENTION_DAYS,
    tracesEndpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT,
    serviceName: values.OTEL_SERVICE_NAME,
    commit: values.CONSOLE_COMMIT,
    metricsPort: values.METRICS_PORT,
    metricsHost: values.METRICS_HOST,
    workerHealthPort: values.WORKER_HEALTH_PORT,
    drainSeconds: values.DRAIN_SECONDS ?? usualDrainSeconds(values),
    logFile: values.LOG_FILE,
    logLevel: values.LOG_LEVEL,
    forcedFlags: flags.forced,
  }
}

/**
 * Longer than a proxy needs to notice a failed readiness check. A console that only this machine can reach, without a proxy, has no other
 * replica that could answer, so it stops at once.
 */
const usualDrainSeconds = ({ HOST: host, TRUSTED_PROXIES: proxies }: z.output<typeof environment>): number =>
  isLoopback(host) && (proxies ?? []).length === 0 ? 0 : 5

/** They are other ways to the database of DATABASE_URL. Without it, the console runs one of its own. */
function databaseProblems(values: z.output<typeof environment>): string[] {
  if (values.DATABASE_URL !== undefined) return []
  return (['DATABASE_DIRECT_URL', 'DATABASE_OWNER_URL'] as const)
    .filter((name) => values[name] !== undefined)
    .map((name) => `${name} is set, but DATABASE_URL is not; set both, or unset ${name}`)
}

/** A sandbox console has an admin without a password, so it must not use another GitHub. */
function sandboxProblems({ SANDBOX_URL: sandbox, GITHUB_API_URL: api }: z.output<typeof environment>): string[] {
  if (sandbox === undefined || api?.startsWith(`${sandbox}/`)) return []
  return [
    'SANDBOX_URL is set, but GITHUB_API_URL is another server; unset SANDBOX_URL ("npm start" sets it for a sandbox)',
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

/** The configuration of a running server. `npm start` provides what is not set. */
export interface ServerConfig extends Config {
  readonly databaseUrl: string
  readonly databaseDirectUrl: string
  readonly githubCredentials: GitHubCredentials
  readonly consoleUrl: string
}

/** Like `readConfig`, but throws if the database, GitHub's credentials or a secret is missing. */
export function readServerConfig(env: Environment): ServerConfig {
  const config = readConfig(env)
  const { databaseUrl, githubCredentials } = config
  const missing = [
    databaseUrl === undefined && 'DATABASE_URL is not set; example: postgresql://user:password@localhost:5432/console',
    githubCredentials === undefined &&
      `Neither GITHUB_DISPATCH_TOKEN nor a GitHub App is set; with "npm start", ${SANDBOX_HINT}`,
    config.callbackSecrets.length === 0 &&
      'DEPLOY_CALLBACK_HMAC_SECRET is not set; without it, callbacks cannot be verified',
    config.authSecrets.length === 0 && 'AUTH_SECRET is not set; without it, nobody can sign in',
  ].filter((line) => line !== false)
  if (databaseUrl === undefined || githubCredentials === undefined || missing.length > 0) {
    throw new Error(
      `Configuration is missing. The server was not started. Use "npm start", or set these variables:\n${missing.map((line) => `  - ${line}`).join('\n')}`,
    )
  }
  return {
    ...config,
    databaseUrl,
    databaseDirectUrl: config.databaseDirectUrl ?? databaseUrl,
    githubCredentials,
    consoleUrl: config.consoleUrl ?? `http://localhost:${config.port ?? 3000}`,
  }
}
