import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { canariesOfBuild } from '~test/support/build-canaries'
import { secretsIn } from '~test/support/secrets-in-use'
import { filesBelow } from './find-secrets.ts'

const projectDirectory = path.resolve(import.meta.dirname, '../../..')
const build = path.join(projectDirectory, '.next')
const canaries = canariesOfBuild(projectDirectory)

describe('a build in an environment with every secret', () => {
  it('the build had a canary value for each variable of the configuration that holds a secret', () => {
    const configuration = readFileSync(path.join(projectDirectory, 'src/server/platform/config.ts'), 'utf8')
    const named = [...configuration.matchAll(/^ {2}([A-Z_]*(?:SECRET|TOKEN|KEY|WEBHOOK_URL|DATABASE_URL)): /gm)]
    // The App's key stands for the token: the configuration takes one of the two. CALLBACK_SHARED_SECRET is a switch,
    // not a secret.
    const without = ['GITHUB_DISPATCH_TOKEN', 'CALLBACK_SHARED_SECRET']
    const wanted = named.map(([, name]) => name ?? '').filter((name) => !without.includes(name))
    expect(canaries.secrets.map(({ name }) => name).toSorted()).toEqual(wanted.toSorted())
    for (const { name, value } of canaries.secrets) expect(secretsIn(`x${value}x`, canaries.secrets)).toContain(name)
  })

  it('the build contains none of the secrets, for the server or for browsers', () => {
    const files = filesBelow(build).filter((file) => !file.includes('/cache/') && file !== canaries.file)
    expect(files.some((file) => file.includes('/static/'))).toBe(true)
    expect(files.some((file) => file.includes('/server/'))).toBe(true)
    const leaks = files.flatMap((file) =>
      secretsIn(readFileSync(file, 'latin1'), canaries.secrets).map(
        (name) => `${name} in ${path.relative(build, file)}`,
      ),
    )
    expect(leaks).toEqual([])
  })

  it('the files for browsers name no variable that holds a secret', () => {
    const named =
      /_HMAC_SECRET|AUTH_SECRET|CLIENT_SECRET|DATABASE_URL|DISPATCH_TOKEN|PRIVATE_KEY|SLACK_WEBHOOK|whsec_|postgresql:/
    for (const file of filesBelow(path.join(build, 'static'))) {
      expect(named.exec(readFileSync(file, 'latin1'))?.[0], file).toBeUndefined()
    }
  })
})
