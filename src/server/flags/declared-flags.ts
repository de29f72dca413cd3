import 'server-only'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'

export type FlagName = 'FLAG_CONSOLE_DEPLOY_ASYNC' | 'FLAG_CONSOLE_DEPLOY_PHASE_CALLBACKS'

const flagsFile = z.strictObject({
  flags: z.array(z.strictObject({ name: z.string().regex(/^FLAG_[A-Z_]+$/), default: z.boolean(), gates: z.string() })),
})

let declared: Map<string, boolean> | undefined

/** The default that feature_flags.yaml declares. A flag the code asks for and the file lacks is a defect, and throws. */
export function flagDefault(name: FlagName): boolean {
  declared ??= readDefaults(path.resolve('feature_flags.yaml'))
  const value = declared.get(name)
  if (value === undefined) throw new Error(`feature_flags.yaml does not declare ${name}`)
  return value
}

function readDefaults(file: string): Map<string, boolean> {
  const { flags } = flagsFile.parse(parse(readFileSync(file, 'utf8')))
  return new Map(flags.map((flag) => [flag.name, flag.default]))
}
