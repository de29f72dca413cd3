import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

/**
 * A hash of the names and contents of files and directories, and of extra text such as versions.
 * @param without paths to leave out, relative to the root
 */
export function fingerprint(
  root: string,
  paths: readonly string[],
  without: readonly string[],
  words: readonly string[] = [],
): string {
  const hash = createHash('sha256')
  for (const word of words) hash.update(`${word}\0`)
  const add = (relative: string): void => {
    const full = path.join(root, relative)
    if (without.includes(relative) || !existsSync(full)) return
    if (statSync(full).isDirectory()) {
      for (const name of readdirSync(full).sort()) add(path.join(relative, name))
    } else {
      hash.update(`${relative}\0`).update(createHash('sha256').update(readFileSync(full)).digest())
    }
  }
  for (const one of paths) add(one)
  return hash.digest('hex')
}
