import 'server-only'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { rolloutOf } from '~/domain/flags'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'

export type FlagName = 'FLAG_CONSOLE_DEPLOY_ASYNC' | 'FLAG_CONSOLE_DEPLOY_PHASE_CALLBACKS'

const flagsFile = z.strictObject({
  flags: z.array(z.strictObject({ name: z.string().regex(/^FLAG_[A-Z_]+$/), default: z.boolean(), gates: z.string() })),
})

export type DeclaredFlag = z.output<typeof flagsFile>['flags'][number]

let declared: readonly DeclaredFlag[] | undefined

/** The flags of feature_flags.yaml, in its order. The file is read once per process. */
export function declaredFlags(): readonly DeclaredFlag[] {
  declared ??= flagsFile.parse(parse(readFileSync(path.resolve('feature_flags.yaml'), 'utf8'))).flags
  return declared
}

/** The default that feature_flags.yaml declares. Throws if the file lacks a flag that the code uses. */
function flagDefault(name: FlagName): boolean {
  const flag = declaredFlags().find((candidate) => candidate.name === name)
  if (flag === undefined) throw new Error(`feature_flags.yaml does not declare ${name}`)
  return flag.default
}

/** Each flag's value in an environment: the variable, else the promotion, else the default. At most one statement. */
export async function readFlags<Name extends FlagName>(
  deps: Pick<Deps, 'config'> & { readonly db: DatabaseHandle },
  flags: readonly Name[],
  environment: string,
): Promise<Readonly<Record<Name, boolean>>> {
  const { forcedFlags } = deps.config
  const open = flags.filter((flag) => forcedFlags[flag] === undefined)
  const promoted = open.length === 0 ? new Map() : await findPromotions(deps.db, open, rolloutOf(environment))
  const values = flags.map((flag) => [flag, forcedFlags[flag] ?? promoted.get(flag) ?? flagDefault(flag)])
  return Object.fromEntries(values)
}

/** The flags that were promoted or demoted in this environment, and their values. */
async function findPromotions(
  db: DatabaseHandle,
  flags: readonly string[],
  environment: string,
): Promise<ReadonlyMap<string, boolean>> {
  const rows = await db.flagPromotion.findMany({
    where: { flag: { in: [...flags] }, environment },
    select: { flag: true, enabled: true },
  })
  return new Map(rows.map(({ flag, enabled }) => [flag, enabled]))
}

export interface Promotion {
  readonly flag: string
  readonly environment: string
  readonly enabled: boolean
  readonly promotedBy: string
  readonly promotedAt: Date
}

export function listPromotions(db: DatabaseHandle, flag?: string): Promise<Promotion[]> {
  return db.flagPromotion.findMany({
    where: flag === undefined ? {} : { flag },
    select: { flag: true, environment: true, enabled: true, promotedBy: true, promotedAt: true },
  })
}

export async function writePromotion(tx: DatabaseHandle, promotion: Promotion): Promise<void> {
  const { flag, environment, ...rest } = promotion
  await tx.flagPromotion.upsert({
    where: { flag_environment: { flag, environment } },
    create: promotion,
    update: rest,
    select: { flag: true },
  })
}
