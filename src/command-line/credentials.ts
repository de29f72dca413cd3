import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { EXIT, Stop } from './exit-codes.ts'

type Environment = Readonly<Record<string, string | undefined>>

const stored = z.object({
  /** The console of the last sign-in. */
  last: z.string(),
  /** The tokens of people, by the console's address. */
  consoles: z.record(z.string(), z.object({ token: z.string(), person: z.string() })),
})
type Stored = z.output<typeof stored>

/** Which console is called, and as whom. */
export interface Credentials {
  readonly address: string
  /** Null if nobody has signed in there. */
  readonly token: string | null
  /** Whether a person signed in. Otherwise the token is that of a script. */
  readonly isPerson: boolean
}

/** Throws `Stop` if no console is named, or the file can be read by others. */
export function readCredentials(environment: Environment, named: string | undefined): Credentials {
  const script = environment['DEPLOY_CONSOLE_TOKEN']?.trim()
  const asked = named ?? environment['DEPLOY_CONSOLE_URL']
  if (script !== undefined && script !== '') {
    // A script's token is never sent to an address that it did not name.
    if (asked === undefined)
      throw new Stop(EXIT.usage, 'DEPLOY_CONSOLE_TOKEN is set, and DEPLOY_CONSOLE_URL is not. Set both.')
    return { address: consoleAddress(asked, environment), token: script, isPerson: false }
  }
  const file = readFile(environment)
  const address = asked === undefined ? file?.last : consoleAddress(asked, environment)
  if (address === undefined) {
    throw new Stop(
      EXIT.usage,
      'No console is named. Run "sign-in <address>", or set DEPLOY_CONSOLE_URL and DEPLOY_CONSOLE_TOKEN.',
    )
  }
  return { address, token: file?.consoles[address]?.token ?? null, isPerson: true }
}

/** Keeps a person's token in a file that only this account of the machine can read. */
export function keepToken(environment: Environment, address: string, entry: Stored['consoles'][string]): void {
  const consoles = { ...readFile(environment)?.consoles, [address]: entry }
  writeFile(environment, { last: address, consoles })
}

export function forgetToken(environment: Environment, address: string): void {
  const file = readFile(environment)
  if (file === null) return
  const consoles = Object.fromEntries(Object.entries(file.consoles).filter(([known]) => known !== address))
  const [first] = Object.keys(consoles)
  if (first === undefined) rmSync(credentialsFile(environment), { force: true })
  else writeFile(environment, { last: file.last === address ? first : file.last, consoles })
}

/** The address without a slash at its end. Only TLS, except for this machine: a token in clear can be read on the way. */
export function consoleAddress(text: string, environment: Environment): string {
  const url = parseAddress(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new Stop(EXIT.usage, `"${text}" is not the address of a console. Expected https://console.example.com.`)
  }
  const isThisMachine = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  if (url.protocol === 'http:' && !isThisMachine && environment['DEPLOY_CONSOLE_PLAIN_HTTP'] !== 'allow') {
    throw new Stop(
      EXIT.usage,
      `${url.origin} is not encrypted, so others could read the token. Use https, or set DEPLOY_CONSOLE_PLAIN_HTTP=allow.`,
    )
  }
  return url.origin
}

/** `URL.parse` needs Node 22. */
function parseAddress(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}

function credentialsFile(environment: Environment): string {
  const config = environment['XDG_CONFIG_HOME'] || path.join(environment['HOME'] || homedir(), '.config')
  return path.join(config, 'deploy-console', 'credentials.json')
}

function readFile(environment: Environment): Stored | null {
  const file = credentialsFile(environment)
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined) return null
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
    throw new Stop(
      EXIT.usage,
      `Other accounts of this machine can read ${file}. Nothing was sent. Run: chmod 600 ${file}`,
    )
  }
  const read = stored.safeParse(jsonOf(readFileSync(file, 'utf8')))
  if (read.success) return read.data
  throw new Stop(EXIT.usage, `${file} was changed by something else. Nothing was sent. Delete it, and sign in again.`)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Written beside its place and renamed, so that no half of a file is ever read. */
function writeFile(environment: Environment, contents: Stored): void {
  const file = credentialsFile(environment)
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.${process.pid}`
  rmSync(draft, { force: true })
  writeFileSync(draft, `${JSON.stringify(contents, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  chmodSync(draft, 0o600)
  renameSync(draft, file)
}
