import { hkdfSync, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import type { Config } from '~/server/platform/config'
import { ensurePrivateDirectory, rememberedText } from './machine/private-files.ts'

interface GeneratedSecrets {
  /** `whsec_<base64>`, the form the Standard Webhooks specification gives a secret. */
  readonly callback: string
  readonly auth: string
  readonly sandboxToken: string
  /** What the sandbox signs its webhooks with. */
  readonly sandboxWebhook: string
}

/** The secrets nobody configured: made at the first start, the same ever after. */
export function generatedSecrets(dataDir: string): GeneratedSecrets {
  const directory = ensurePrivateDirectory(path.join(dataDir, 'secrets'))
  return {
    callback: rememberedText(path.join(directory, 'callback'), () => `whsec_${randomBytes(32).toString('base64')}`),
    auth: rememberedText(path.join(directory, 'auth'), () => randomBytes(32).toString('base64url')),
    sandboxToken: rememberedText(path.join(directory, 'sandbox-token'), () => randomBytes(32).toString('base64url')),
    sandboxWebhook: rememberedText(path.join(directory, 'sandbox-webhook'), () => randomBytes(32).toString('hex')),
  }
}

/** Any number; a start holds the advisory lock of this one while it compares, so that two first starts cannot both make secrets. */
const SECRETS_LOCK = 7_310_424

interface Variable {
  readonly name: string
  /** Its file below `secrets`. */
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

interface Console {
  readonly config: Config
  readonly dataDir: string
  readonly databaseUrl: string
}

/** The current secret first. */
type Secrets = readonly [string, ...string[]]

export interface AgreedSecrets {
  readonly auth: Secrets
  readonly callback: Secrets
}

/**
 * The secrets a server or a worker goes on with: the configured ones, else those of its data directory. A shared database
 * refuses a console whose secrets have none in common with those it was used with (ADR 022).
 */
export function agreeOnSecrets(console_: Console): Promise<AgreedSecrets> {
  return whileOthersWait(console_, async (client) => {
    if (console_.config.databaseUrl !== undefined) {
      await refuseOthers(client, console_, VARIABLES, { mayMake: !(await isInUse(client)) })
    }
    const agreed = { auth: secretsOf(console_, AUTH), callback: secretsOf(console_, CALLBACK) }
    for (const { name, kind } of VARIABLES) {
      await client.query(
        'INSERT INTO secret_digests (variable, digest) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING',
        [name, agreed[kind].map((secret) => digestOf(name, secret))],
      )
    }
    return agreed
  })
}

/** For a command, by the same rule. It records nothing: a mistyped secret must not become one that servers have to have. */
export function currentCallbackSecret(console_: Console): Promise<string> {
  return whileOthersWait(console_, async (client) => {
    if (console_.config.databaseUrl !== undefined) await refuseOthers(client, console_, [CALLBACK], { mayMake: false })
    return secretsOf(console_, CALLBACK)[0]
  })
}

async function whileOthersWait<T>({ databaseUrl }: Console, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('BEGIN')
    await client.query('SELECT pg_advisory_xact_lock($1)', [SECRETS_LOCK])
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === '42P01')) throw error // undefined_table
    throw new Error(
      'The database lacks migrations of this version. Nothing was started. ' +
        'Start the console once (npm start), which applies them, then run this again.',
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
  if (differing.length > 0) throw new Error(refusal('belongs to a console with other secrets', differing))
  if (unrecorded.length > 0) throw new Error(refusal('is in use, and does not say with which secrets', unrecorded))
}

function refusal(what: string, variables: readonly Variable[]): string {
  return (
    `This database ${what}. Nothing was started. ` +
    `Set ${variables.map(({ name }) => name).join(' and ')} to what the console on it has ` +
    `(what nobody set lies in its DATA_DIR, in ${variables.map(({ kind }) => `secrets/${kind}`).join(' and ')}), ` +
    'or to a list of the new and the old to rotate.'
  )
}

/** People or deploys: then another console has secrets that sessions, second factors and repositories depend on. */
async function isInUse(client: pg.Client): Promise<boolean> {
  const { rowCount } = await client.query('(SELECT FROM users LIMIT 1) UNION ALL (SELECT FROM console_deploys LIMIT 1)')
  return rowCount !== 0
}

async function recordedDigests(client: pg.Client, { name }: Variable): Promise<readonly string[]> {
  const { rows } = await client.query<{ digest: string }>('SELECT digest FROM secret_digests WHERE variable = $1', [
    name,
  ])
  return rows.map(({ digest }) => digest)
}

/** HKDF-SHA256 (RFC 5869), for this purpose and variable alone. Secrets have 24 bytes or more, so none can be guessed from it. */
function digestOf(variable: string, secret: string): string {
  return Buffer.from(hkdfSync('sha256', secret, '', `Deploy Console secret digest: ${variable}`, 32)).toString('hex')
}

/** What an earlier start made; nothing is made here. */
function keptSecrets(dataDir: string, { kind }: Variable): readonly string[] {
  const file = path.join(dataDir, 'secrets', kind)
  return existsSync(file) ? [readFileSync(file, 'utf8').trim()] : []
}

function secretsOf({ config, dataDir }: Console, { kind, configured }: Variable): Secrets {
  const [current, ...others] = configured(config)
  return current === undefined ? [generatedSecrets(dataDir)[kind]] : [current, ...others]
}
