import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'

export const projectDirectory = path.resolve(import.meta.dirname, '../../..')

const versions = z.record(z.string(), z.string())
const manifestSchema = z.object({
  name: z.string(),
  dependencies: versions,
  devDependencies: versions,
  overrides: versions,
  allowScripts: z.record(z.string(), z.boolean()),
})
const lockedSchema = z.object({
  version: z.string(),
  license: z.string().optional(),
  integrity: z.string().optional(),
  resolved: z.string().optional(),
  link: z.boolean().optional(),
  dev: z.boolean().default(false),
  hasInstallScript: z.boolean().default(false),
  dependencies: versions.optional(),
  devDependencies: versions.optional(),
  optionalDependencies: versions.default({}),
})
const lockSchema = z.object({ packages: z.record(z.string(), lockedSchema) })

export interface LockedPackage extends z.output<typeof lockedSchema> {
  /** The path where npm installs it: `node_modules/a/node_modules/b`. */
  readonly place: string
  readonly name: string
}

const readJson = (file: string): unknown => JSON.parse(readFileSync(path.join(projectDirectory, file), 'utf8'))

export const manifest = manifestSchema.parse(readJson('package.json'))

const { packages } = lockSchema.parse(readJson('package-lock.json'))

/** The project itself, which the lock file lists as well. */
export const lockedRoot = packages['']

/** Every package for any platform that an installation may fetch. */
export const lockedPackages: readonly LockedPackage[] = Object.entries(packages).flatMap(([place, locked]) => {
  const name = place.split('node_modules/').at(-1)
  return name === undefined || name === '' ? [] : [{ ...locked, place, name }]
})
