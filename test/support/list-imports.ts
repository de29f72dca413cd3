import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export interface Import {
  /** Paths below src, without their extension. */
  readonly from: string
  readonly to: string
  /** Whether the file is loaded at start: false for types and for `import()`. */
  readonly isLoaded: boolean
}

const source = path.resolve(import.meta.dirname, '../../src')
const IMPORT = /\b(?:import|export)\b(?:\s+([^'";()]*?)\s+from)?\s*(\(?)\s*'((?:~|\.\.?)\/[^']+)'/g
const withoutExtension = (file: string): string => file.replace(/\.tsx?$/, '')

/** Every import within src, by alias or relative path. The generated Prisma client appears only as a target. */
export function listImports(): readonly Import[] {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.tsx?$/.test(file) && !file.includes('/generated/'),
  )
  return files.flatMap((file) =>
    [...readFileSync(path.join(source, file), 'utf8').matchAll(IMPORT)].map(([, clause = '', dynamic, name = '']) => ({
      from: withoutExtension(file),
      to: withoutExtension(name.startsWith('~/') ? name.slice(2) : path.join(path.dirname(file), name)),
      isLoaded: dynamic === '' && !isTypesOnly(clause),
    })),
  )
}

function isTypesOnly(clause: string): boolean {
  if (/^type\b/.test(clause)) return true
  const names = /^\{([^}]*)\}$/s
    .exec(clause)?.[1]
    ?.split(',')
    .filter((name) => name.trim() !== '')
  return names?.every((name) => name.trim().startsWith('type ')) === true
}
