import 'server-only'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'

export type FlagName = 'FLAG_CONSOLE_DEPLOY_ASYNC' | 'FLAG_CONSOLE_DEPLOY_PHASE_CALLBACKS'

const flagsFile = z.strictObject({
  flags: z.array(z.strictObject({ name: z.string().regex(/^FLAG_[A-Z_]+$/), default: z.boolean(), gates: z.string() })),
})

export type DeclaredFlag = z.output<typeof flagsFile>['flags'][number]

let declared: readonly DeclaredFlag[] | undefined

/** What feature_flags.yaml declares, in its order; read once. */
export function declaredFlags(): readonly DeclaredFlag[] {
  declared ??= flagsFile.parse(parse(readFileSync(path.resolve('feature_flags.yaml'), 'utf8'))).flags
  return declared
}

/** The default that feature_flags.yaml declares. A flag the code asks for and the file lacks is a defect, and throws. */
export function flagDefault(name: FlagName): boolean {
  const flag = declaredFlags().find((candidate) => candidate.name === name)
  if (flag === undefined) throw new Error(`feature_flags.yaml does not declare ${name}`)
  return flag.default
}
