import { z } from 'zod'

// The types of settings that environment variables hold. Each message says what is wrong and gives an example.

export const optionalText = z
  .string()
  .trim()
  .transform((value) => (value === '' ? undefined : value))
  .optional()

/** Refuses what `URL` silently repairs (spaces, backslashes), and a user name, which would never be sent. */
const isHttpUrl = (value: string) =>
  /^https?:\/\/[^\s\\@]+$/i.test(value) && URL.canParse(value) && new URL(value).port !== '0'

export const httpUrl = (example: string) =>
  optionalText.refine(
    (value) => value === undefined || isHttpUrl(value),
    `must be an http(s) URL without a user; example: ${example}`,
  )

/** A URL to which paths are appended. */
export const baseUrl = (example: string) =>
  httpUrl(example)
    .refine((value) => !/[?#]/.test(value ?? ''), `has a query or a fragment; remove it; example: ${example}`)
    .transform((value) => value?.replace(/\/+$/, ''))

/** Scheme, host and port, without a path. */
export const origin = (example: string) =>
  httpUrl(example)
    .refine(
      (value) => value === undefined || !isHttpUrl(value) || /^https?:\/\/[^/?#]+\/*$/i.test(value),
      `has a path, a query or a fragment; a sub-path is not served; example: ${example}`,
    )
    .transform((value) => (value === undefined || !isHttpUrl(value) ? undefined : new URL(value).origin))

/** A switch that is on by default. */
export const switchedOn = (name: string) =>
  optionalText
    .transform((value) => switchOf(value ?? 'on'))
    .refine((value) => value !== undefined, `is neither on nor off; example: ${name}=off`)
    .transform((value) => value ?? true)

/** Comma-separated secrets. Empty if the variable is not set. */
export const secretList = (problemOf: (secret: string) => string | null, example: string) =>
  optionalText.transform((value, context) => {
    if (value === undefined) return []
    const secrets = value.split(',').map((secret) => secret.trim())
    const problem = secrets.map(problemOf).find((found) => found !== null)
    if (problem === undefined) return secrets
    context.addIssue(`${problem}; example: ${example}`)
    return z.NEVER
  })

export const portNumber = (example: string) =>
  optionalText
    .refine((value) => value === undefined || /^\d{1,5}$/.test(value), `must be a port number; example: ${example}`)
    .transform((value) => (value === undefined ? undefined : Number(value)))
    .refine(
      (value) => value === undefined || (value >= 1 && value <= 65_535),
      `must be between 1 and 65535; example: ${example}`,
    )

export const postgresUrl = optionalText.refine(
  (value) => value === undefined || isPostgresUrl(value),
  'must be a PostgreSQL URL (percent-encode special characters in the password); example: postgresql://user:password@db.example.com:5432/console',
)

/** Checks that user and password can be decoded, as Prisma and the driver do. */
function isPostgresUrl(value: string): boolean {
  if (!/^postgres(ql)?:\/\/./.test(value) || !URL.canParse(value)) return false
  try {
    const { username, password, pathname } = new URL(value)
    for (const part of [username, password, pathname]) decodeURIComponent(part)
    return true
  } catch {
    return false
  }
}

/** Undefined if the value is neither on nor off. */
export function switchOf(value: string): boolean | undefined {
  const lower = value.toLowerCase()
  if (['1', 'true', 'on'].includes(lower)) return true
  return ['0', 'false', 'off'].includes(lower) ? false : undefined
}

/** Null if the secret has at least 24 bytes. `whsec_<base64>` counts decoded bytes, any other value UTF-8 bytes. */
export function callbackSecretProblem(secret: string): string | null {
  if (secret.startsWith('whsec_')) {
    const encoded = secret.slice('whsec_'.length)
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return 'contains a whsec_ value that is not base64'
    return Buffer.from(encoded, 'base64').length < 24 ? 'contains a whsec_ value of less than 24 bytes' : null
  }
  return Buffer.byteLength(secret) < 24 ? 'contains a secret of less than 24 bytes' : null
}
