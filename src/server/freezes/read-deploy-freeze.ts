import 'server-only'
import { deployFreezeRefusal } from '~/domain/deploy/admission'
import { AppError } from '~/domain/errors'
import type { DeployFreeze } from '~/domain/freeze'
import type { Deps } from '~/server/deps'
import { answerOfError, classifyAnswer } from '~/server/github/answers'
import { readVariable } from '~/server/github/variables'
import { recordLook } from '~/server/surfaces/follow/repository-looks'
import { listSurfaces, recordDeployFreeze } from '~/server/surfaces/surfaces'

type ReadDeps = Pick<Deps, 'db' | 'github' | 'logger' | 'now'>

/** Values that do not freeze, as `.github/actions/freeze-check` has them. */
const NOT_FROZEN: ReadonlySet<string> = new Set(['', 'false', '0'])
const REASON_LENGTH = 500

/** Reads the variable of each repository that ships to production. */
export async function readDeployFreezes(deps: ReadDeps): Promise<void> {
  for (const repository of new Set((await listProduction(deps)).map((surface) => surface.repository))) {
    await readDeployFreeze(deps, repository)
  }
}

/** The background look at one repository. */
export async function lookAtDeployFreeze(deps: ReadDeps, repository: string): Promise<void> {
  const surface = (await listProduction(deps)).find((one) => one.repository.toLowerCase() === repository.toLowerCase())
  if (surface === undefined) return
  const lookedAt = deps.now()
  await recordLook(deps.db, repository, 'freeze', { lookedAt })
  const found = await readDeployFreeze(deps, surface.repository)
  const reason = found === 'none' || found === 'unread' ? null : found.reason
  if (found !== 'unread' && reason !== surface.deployFreeze)
    await recordLook(deps.db, repository, 'freeze', { lookedAt, changedAt: lookedAt })
}

const listProduction = async ({ db }: ReadDeps) =>
  (await listSurfaces(db)).filter(({ environment }) => environment === 'production')

/**
 * Asks GitHub for the variable DEPLOY_FREEZE of a repository, and records the answer. `unread`: the token may not read it or see the
 * repository, or GitHub does not answer; an earlier answer is forgotten in the first case, and kept with its time in the second.
 */
export async function readDeployFreeze(deps: ReadDeps, repository: string): Promise<DeployFreeze | 'none' | 'unread'> {
  const readAt = deps.now()
  let reason: string | null = null
  try {
    const value = await readVariable(deps.github, repository, 'DEPLOY_FREEZE')
    if (value !== null && !NOT_FROZEN.has(value)) reason = storable(value)
  } catch (error) {
    deps.logger.info({ repository, err: error }, 'DEPLOY_FREEZE could not be read; the workflow checks it itself')
    const { kind } = classifyAnswer('look', answerOfError(error))
    const mayNotRead = kind === 'refused' || kind === 'unauthorised' || kind === 'gone'
    if (mayNotRead) await recordDeployFreeze(deps.db, repository, { reason: null, readAt: null })
    return 'unread'
  }
  await recordDeployFreeze(deps.db, repository, { reason, readAt })
  return reason === null ? 'none' : { reason, readAt }
}

const storable = (value: string) => value.slice(0, REASON_LENGTH).replaceAll('\0', '\u{fffd}')

/**
 * Throws `frozen` while DEPLOY_FREEZE stops a production deploy. What was read last lets a deploy pass, for the workflow checks
 * the variable too; only before a refusal GitHub is asked again.
 */
export async function requireNoDeployFreeze(
  deps: ReadDeps,
  surface: { readonly environment: string; readonly repository: string; readonly deployFreeze: DeployFreeze | null },
): Promise<void> {
  const { environment, repository, deployFreeze: known } = surface
  if (environment !== 'production' || known === null) return
  const now = await readDeployFreeze(deps, repository)
  if (now === 'none') return
  const { code, message, details } = deployFreezeRefusal(repository, now === 'unread' ? known : now)
  throw new AppError(code, `${message} Nothing was deployed.`, { details })
}
