import { hkdfSync, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { ADVISORY_LOCKS } from '~/server/platform/advisory-locks'
import type { Config } from '~/server/platform/config'
import { refuseOtherDatabase } from './database/same-database.ts'
import { ensurePrivateDirectory, rememberedText } from './machine/private-files.ts'

interface GeneratedSecrets {
  /** `whsec_<base64>`, the form the Standard Webhooks specification gives a secret. */
  readonly callback: string
  readonly auth: string
  readonly sandboxToken: string
  /** Signs the sandbox's webhooks. */
  readonly sandboxWebhook: string
}

/** The secrets that no variable configures. The first start makes them; later starts reuse them. */
export function generatedSecrets(dataDir: string): GeneratedSecrets {
  const directory = ensurePrivateDirectory(path.join(dataDir, 'secrets'))
  return {
    callback: rememberedText(path.join(directory, 'callback'), () => `whsec_${randomBytes(32).toString('base64')}`),
    auth: rememberedText(path.join(directory, 'auth'), () => randomBytes(32).toString('base64url')),
    sandboxToken: rememberedText(path.join(directory, 'sandbox-token'), () => randomBytes(32).toString('base64url')),
    sandboxWebhook: rememberedText(path.join(directory, 'sandbox-webhook'), () => randomBytes(32).toString('hex')),
  }
}

interface Variable {
  readonly name: string
  /** The name of the file below `secrets`. */
  readonly kind: 'auth' | 'callback'
  readonly configured: (config: Config) => readonly string[]
}

const AUTH: Variable = { name: 'AUTH_SECRET', kind: 'auth', configured: (config) => config.authSecrets }
const CALLBACK: Variable = {
  name: 'DEPLOY_CALLBACK_HMAC_SECRET',
  kind: 'callback',
  configured: (config) => config.callbackSecrets,
}
const VARIABLES = [AUTH, CALLBACK]

/** Never made: GitHub has the other copy. A console that reads no webhooks may share a database with one that does. */
const WEBHOOK = {
  name: 'GITHUB_WEBHOOK_SECRET',
  configured: (config: Config) => config.githubWebhookSecrets,
}

interface Console {
  readonly config: Config
  readonly dataDir: string
  readonly databaseUrl: string
}

/** The current secret comes first. */
type Secrets = readonly [string, ...string[]]

export interface AgreedSecrets {
  readonly auth: Secrets
  readonly callback: Secrets
}

/**
 * The secrets of a server or a worker: the configured ones, otherwise those of the data directory. Refuses a shared database
 * if none of its recorded secrets is among them (ADR 022), and a DATABASE_DIRECT_URL of another database.
 */
export async function agreeOnSecrets(console_: Console): Promise<AgreedSecrets> {
  const { databaseUrl, config } = console_
  await refuseOtherDatabase(databaseUrl, config.databaseDirectUrl ?? databaseUrl, 'DATABASE_DIRECT_URL')
  return await withSecretsLock(console_, async (client) => {
    if (console_.config.databaseUrl !== undefined) {
      await refuseOthers(client, console_, VARIABLES, { mayMake: !(await isInUse(client)) })
      await refuseOtherWebhooks(client, console_.config)
    }
    const agreed = { auth: secretsOf(console_, AUTH), callback: secretsOf(console_, CALLBACK) }
    for (const { name, kind } of VARIABLES) await recordDigests(client, name, agreed[kind])
    await recordDigests(client, WEBHOOK.name, WEBHOOK.configured(console_.config))
    return agreed
  })
}

/** The same for a command, which records nothing: a mistyped secret must not bind later starts. */
export function currentCallbackSecret(console_: Console): Promise<string> {
  return withSecretsLock(console_, async (client) => {
    if (console_.config.databaseUrl !== undefined) await refuseOthers(client, console_, [CALLBACK], { mayMake: false })
    return secretsOf(console_, CALLBACK)[0]
  })
}

async function withSecretsLock<T>({ databaseUrl }: Console, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('BEGIN')
    await client.query('SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCKS.secrets])
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === '42P01')) throw error // undefined_table
    throw new Error(
      'The database lacks migrations of this version. Nothing was started. ' +
        '"npm start" applies them, and in a container "migrate" does. Then run this again.',
    )
  } finally {
    void client.end().catch(() => undefined)
  }
}

async function refuseOthers(
  client: pg.Client,
  { config, dataDir }: Console,
  variables: readonly Variable[],
  { mayMake }: { readonly mayMake: boolean },
): Promise<void> {
  const differing: Variable[] = []
  const unrecorded: Variable[] = []
  for (const variable of variables) {
    const configured = variable.configured(config)
    const recorded = await recordedDigests(client, variable)
    if (recorded.length === 0) {
      if (configured.length === 0 && !mayMake) unrecorded.push(variable)
      continue
    }
    const known = configured.length > 0 ? configured : keptSecrets(dataDir, variable)
    if (!known.some((secret) => recorded.includes(digestOf(variable.name, secret)))) differing.push(variable)
  }
  if (differing.length > 0) throw new Error(refusal('was used with other secrets', differing))
  if (unrecorded.length > 0) throw new Error(refusal('is in use, and has no record of its secrets', unrecorded))
}

function refusal(what: string, variables: readonly Variable[]): string {
  return (
    `This database ${what}. Nothing was started. ` +
    `Set ${variables.map(({ name }) => name).join(' and ')} to the values of the console that uses it. ` +
    `Generated values are in its DATA_DIR, in ${variables.map(({ kind }) => `secrets/${kind}`).join(' and ')}. ` +
    'To rotate a secret, set a list of the new and the old one.'
  )
}

/** GitHub signs with one secret, so a server with another one would refuse its share of the webhooks. */
async function refuseOtherWebhooks(client: pg.Client, config: Config): Promise<void> {
  const configured = WEBHOOK.configured(config)
  const recorded = await recordedDigests(client, WEBHOOK)
  if (configured.length === 0 || recorded.length === 0) return
  if (configured.some((secret) => recorded.includes(digestOf(WEBHOOK.name, secret)))) return
  throw new Error(
    `This database was used with another ${WEBHOOK.name}. Nothing was started. Set it to the value of the console that uses it. ` +
      'To rotate the secret, set a list of the new and the old one.',
  )
}

/** People or deploys exist, so sessions, second factors and repositories depend on another console's secrets. */
async function isInUse(client: pg.Client): Promise<boolean> {
  const { rowCount } = await client.query('(SELECT FROM users LIMIT 1) UNION ALL (SELECT FROM console_deploys LIMIT 1)')
  return rowCount !== 0
}

async function recordDigests(client: pg.Client, name: string, secrets: readonly string[]): Promise<void> {
  await client.query(
    'INSERT INTO secret_digests (variable, digest) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING',
    [name, secrets.map((secret) => digestOf(name, secret))],
  )
}

async function recordedDigests(client: pg.Client, { name }: Pick<Variable, 'name'>): Promise<readonly string[]> {
  const { rows } = await client.query<{ digest: string }>('SELECT digest FROM secret_digests WHERE variable = $1', [
    name,
  ])
  return rows.map(({ digest }) => digest)
}

/** HKDF-SHA256 (RFC 5869), bound to this purpose and variable. Secrets of 24 bytes or more cannot be guessed from a digest. */
function digestOf(variable: string, secret: string): string {
  return Buffer.from(hkdfSync('sha256', secret, '', `Deploy Console secret digest: ${variable}`, 32)).toString('hex')
}

/** Reads the secret of an earlier start and makes none. */
function keptSecrets(dataDir: string, { kind }: Variable): readonly string[] {
  const file = path.join(dataDir, 'secrets', kind)
  return existsSync(file) ? [readFileSync(file, 'utf8').trim()] : []
}

function secretsOf({ config, dataDir }: Console, { kind, configured }: Variable): Secrets {
  const [current, ...others] = configured(config)
  return current === undefined ? [generatedSecrets(dataDir)[kind]] : [current, ...others]
}
