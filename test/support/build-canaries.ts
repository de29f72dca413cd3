import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import type { Secret } from '~test/support/secrets-in-use'

const made = z.object({ environment: z.record(z.string(), z.string()), wanted: z.record(z.string(), z.string()) })
type Canaries = z.output<typeof made>

/** Next empties its output directory before it builds, so a build made without canaries has no such file. */
const fileOf = (projectDirectory: string) => path.join(projectDirectory, '.next/canaries.json')

/**
 * An environment in which every secret variable holds a random value, and the values to look for in a build made with it.
 * The configuration takes a dispatch token or an App, not both; this one has the App.
 */
export function makeCanaries(): Canaries {
  const random = () => randomBytes(24).toString('hex')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const wanted = {
    DATABASE_URL: random(),
    DEPLOY_CALLBACK_HMAC_SECRET: random(),
    GITHUB_WEBHOOK_SECRET: random(),
    AUTH_SECRET: random(),
    AUTH_GITHUB_CLIENT_SECRET: random(),
    AUTH_OIDC_CLIENT_SECRET: random(),
    SLACK_WEBHOOK_URL: random(),
    // One line of the key, because the key may be written with or without line breaks, or in base64.
    GITHUB_APP_PRIVATE_KEY: pem.split('\n')[1] ?? '',
  }
  const environment = {
    ...wanted,
    DATABASE_URL: `postgresql://canary:${wanted.DATABASE_URL}@127.0.0.1:9/none`,
    SLACK_WEBHOOK_URL: `https://hooks.slack.invalid/services/${wanted.SLACK_WEBHOOK_URL}`,
    GITHUB_APP_PRIVATE_KEY: pem,
    GITHUB_APP_ID: '1',
    GITHUB_APP_INSTALLATION_ID: '1',
    AUTH_GITHUB_CLIENT_ID: 'canary',
    AUTH_OIDC_CLIENT_ID: 'canary',
    AUTH_OIDC_ISSUER: 'https://login.example.invalid',
  }
  return { environment, wanted }
}

/** Null when the build was made without canaries. */
function readCanaries(projectDirectory: string): Canaries | null {
  const file = fileOf(projectDirectory)
  return existsSync(file) ? made.parse(JSON.parse(readFileSync(file, 'utf8'))) : null
}

export const builtWithCanaries = (projectDirectory: string): boolean => readCanaries(projectDirectory) !== null

export const keepCanaries = (projectDirectory: string, canaries: Canaries): void =>
  writeFileSync(fileOf(projectDirectory), JSON.stringify(canaries), { mode: 0o600 })

/** The values that no file of the build may hold, and the path of the list of them, the one exception. */
export function canariesOfBuild(projectDirectory: string): {
  readonly secrets: readonly Secret[]
  readonly file: string
} {
  const { wanted = {} } = readCanaries(projectDirectory) ?? {}
  const secrets = Object.entries(wanted).map(([name, value]) => ({ name, value }))
  return { secrets, file: fileOf(projectDirectory) }
}
