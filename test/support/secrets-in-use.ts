import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import type { Product } from '~test/support/start-product'

export interface Secret {
  readonly name: string
  readonly value: string
}

/** The files below DATA_DIR that are meant to hold a secret. No other file there may. */
export const SECRET_FILES = [
  'secrets/auth',
  'secrets/callback',
  'secrets/sandbox-token',
  'secrets/sandbox-webhook',
  'postgres/password',
  'sandbox/secrets.json',
  'sandbox/sandbox.json',
]

const ofSandbox = z.object({ deployHookToken: z.string() })

/** Every secret of a running sandbox product. Tests pass what else they use (cookies, tokens) as `others`. */
export function secretsInUse({ dataDir }: Pick<Product, 'dataDir'>, others: readonly Secret[] = []): Secret[] {
  const read = (file: string) => readFileSync(path.join(dataDir, file), 'utf8').trim()
  return [
    { name: 'callback secret', value: read('secrets/callback') },
    { name: 'session secret', value: read('secrets/auth') },
    { name: 'dispatch token', value: read('secrets/sandbox-token') },
    { name: 'webhook secret', value: read('secrets/sandbox-webhook') },
    { name: 'database password', value: read('postgres/password') },
    { name: 'deploy hook token', value: ofSandbox.parse(JSON.parse(read('sandbox/secrets.json'))).deployHookToken },
    ...others,
  ]
}

/** The forms in which a secret could appear: unchanged, decoded if it is an encoding, and in common encodings of logs. */
function formsOf({ value }: Secret): readonly string[] {
  const bare = value.replace(/^whsec_/, '')
  const bytes = [Buffer.from(value), Buffer.from(bare, 'base64')]
  const encodings = ['hex', 'base64', 'base64url', 'latin1'] as const
  const encoded = bytes.flatMap((form) => encodings.map((encoding) => form.toString(encoding).replace(/=+$/, '')))
  return [...new Set([value, bare, encodeURIComponent(value), JSON.stringify(value).slice(1, -1), ...encoded])]
}

/** The names of the secrets that a text contains in any form. */
export function secretsIn(text: string, secrets: readonly Secret[]): string[] {
  return secrets.filter((secret) => formsOf(secret).some((form) => text.includes(form))).map(({ name }) => name)
}
