import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'

const manifest = z.object({ version: z.string() })

/** The version in package.json of this directory; by default the one in which the program was started. */
export function versionIn(directory = '.'): string {
  return manifest.parse(JSON.parse(readFileSync(path.resolve(directory, 'package.json'), 'utf8'))).version
}
