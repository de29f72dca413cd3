import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { z } from 'zod'
import type { Ended } from './podman.ts'

export interface CallWorld {
  readonly run: (args: readonly string[]) => Promise<Ended>
  readonly email: string
  readonly surface: string
  /** A file that the container reads as `inside`. */
  readonly checkpoint: { readonly outside: string; readonly inside: string }
}

type Call = (world: CallWorld) => Promise<void>

/** Runs a command that must end with 0, and whose output must fit. */
async function done({ run }: CallWorld, args: readonly string[], expected: RegExp): Promise<string> {
  const { code, out, err } = await run(['console', ...args])
  assert.equal(code, 0, `${args.join(' ')}: ${err}`)
  assert.match(out, expected)
  return out
}

const NEWCOMER = 'grace@example.com'
const IN = ['--role', 'deployer', '--in', 'staging']

/** A call of every command, in the order in which they are run. */
export const CALLS: Readonly<Record<string, Call>> = {
  'audit verify': async (world) => void (await done(world, ['audit', 'verify'], /^The audit trail is whole/)),
  'audit checkpoint': async (world) => {
    writeFileSync(world.checkpoint.outside, await done(world, ['audit', 'checkpoint'], /"hash"/))
    await done(world, ['audit', 'verify', '--checkpoint', world.checkpoint.inside], /It contains the checkpoint/)
  },
  'audit records': async (world) => void (await done(world, ['audit', 'records'], /console\.deploy/)),
  'setup-link': async ({ run }) => {
    const { code, err } = await run(['console', 'setup-link'])
    assert.equal(code, 1)
    assert.match(err, /admin/)
  },
  'callback-secret': async (world) => void (await done(world, ['callback-secret', 'acme/platform'], /^\S{24,}\n$/)),
  'surfaces apply': async (world) =>
    void (await done(world, ['surfaces', 'apply', '--dry-run'], /Nothing was changed/)),
  check: async ({ run, surface }) => {
    // Nothing answers at the surface's address, so the check has something to report.
    const { code, out } = await run(['console', 'check', surface])
    assert.equal(code, 1)
    assert.match(out, /needs? work/)
  },
  'token create': async (world) => {
    const scope = ['--may', 'deploy.read', '--label', 'image', '--owner', world.email]
    await done(world, ['token', 'create', ...scope], /^\S{20,}\n$/)
  },
  'token list': async (world) => void (await done(world, ['token', 'list'], /image .* active/)),
  'token revoke': async (world) => {
    const id = z.uuid().parse((await done(world, ['token', 'list'], /image/)).split(' ')[0])
    await done(world, ['token', 'revoke', '--id', id], /is revoked/)
  },
  'user list': async (world) => void (await done(world, ['user', 'list'], new RegExp(world.email))),
  'user invite': async (world) =>
    void (await done(world, ['user', 'invite', '--email', NEWCOMER, ...IN], /^\/invite\/\S+\n$/)),
  'user recover': async (world) => void (await done(world, ['user', 'recover', '--email', world.email], /^\/\S+\n$/)),
  // The only admin stays one: each of these refuses and says why.
  'user set-role': (world) => refused(world, ['user', 'set-role', '--email', world.email, ...IN]),
  'user suspend': (world) => refused(world, ['user', 'suspend', '--email', world.email]),
  'user restore': (world) => refused(world, ['user', 'restore', '--email', 'nobody@example.com']),
}

async function refused({ run }: CallWorld, args: readonly string[]): Promise<void> {
  const { code, err } = await run(['console', ...args])
  assert.equal(code, 1, args.join(' '))
  assert.match(err, /Nothing was changed/)
}
