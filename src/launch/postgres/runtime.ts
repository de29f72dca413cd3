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
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import path from 'node:path'
import type { Account } from './account.ts'
import { findPackagedBinaries, linksAreComplete, makeLibraryLinks, type PackagedBinaries } from './binaries.ts'

/** Root's own place for the copy; only root can create or replace anything in it. */
const SYSTEM_DIRECTORY = '/var/lib/deploy-console'

/**
 * The directory of PostgreSQL's programs, ready to run: in node_modules where that works, else a copy. A copy is needed
 * when the account that runs PostgreSQL cannot enter the checkout (root's is often below a directory of mode 0700), or when
 * node_modules is not ours to put the missing library links into.
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

/** Complete or absent: it is filled under a name nobody can guess and then renamed. */
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
    if (!existsSync(copy)) throw error // else another start was faster
  }
  return copy
}

/** Modes by our word: those of the source, and our umask, may keep the account out. */
function openToAll(directory: string): void {
  chmodSync(directory, 0o755)
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const full = path.join(directory, entry.name)
    if (entry.isDirectory()) openToAll(full)
    else if (entry.isFile()) chmodSync(full, (statSync(full).mode & 0o100) === 0 ? 0o644 : 0o755)
  }
}

/** Programs that root starts must come from a directory that nobody else could have made or can change. */
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

/** Whether an account may read and enter what lies at a path: every directory above it counts too. */
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
