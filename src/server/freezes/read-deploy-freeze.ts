import 'server-only'
import { AppError } from '~/domain/errors'
import { deployFreezeRefusal } from '~/domain/freeze/decide-freeze'
import type { DeployFreeze } from '~/domain/freeze/freeze'
import type { Deps } from '~/server/deps'
import { answerOfError, classifyAnswer } from '~/server/github/answers'
import { readVariable } from '~/server/github/reads'
import { recordLook } from '~/server/surfaces/follow/repository-looks'
import { listSurfaces, recordDeployFreeze } from '~/server/surfaces/surfaces'

type ReadDeps = Pick<Deps, 'db' | 'github' | 'logger' | 'now'>

/** The values that do not freeze (docs/operations/run.md, "Freezes and locks"). */
const NOT_FROZEN: ReadonlySet<string> = new Set(['', 'false', '0'])
const REASON_LENGTH = 500

/** The background look at DEPLOY_FREEZE of one repository. */
export async function refreshDeployFreeze(deps: ReadDeps, repository: string): Promise<void> {
  const surface = (await listProductionSurfaces(deps)).find(
    (declared) => declared.repository.toLowerCase() === repository.toLowerCase(),
  )
  if (surface === undefined) return
  const lookedAt = deps.now()
  await recordLook(deps.db, repository, 'freeze', { lookedAt })
  const found = await readDeployFreeze(deps, surface.repository)
  const reason = found === 'none' || found === 'unread' ? null : found.reason
  if (found !== 'unread' && reason !== surface.deployFreeze)
    await recordLook(deps.db, repository, 'freeze', { lookedAt, changedAt: lookedAt })
}

const listProductionSurfaces = async ({ db }: ReadDeps) =>
  (await listSurfaces(db)).filter(({ environment }) => environment === 'production')

/**
 * Asks GitHub for the repository variable DEPLOY_FREEZE and records the answer. `unread`: the credentials may not read the variable,
 * and an earlier value is discarded; or GitHub does not answer, and an earlier value is kept with its time.
 */
export async function readDeployFreeze(deps: ReadDeps, repository: string): Promise<DeployFreeze | 'none' | 'unread'> {
  const readAt = deps.now()
  let reason: string | null = null
  try {
    const value = await readVariable(deps.github, repository, 'DEPLOY_FREEZE')
    if (value !== null && !NOT_FROZEN.has(value)) reason = storableReason(value)
  } catch (error) {
    deps.logger.info({ repository, err: error }, 'DEPLOY_FREEZE was not read; the workflow checks it again')
    const { kind } = classifyAnswer('look', answerOfError(error))
    const mayNotRead = kind === 'refused' || kind === 'unauthorised' || kind === 'gone'
    if (mayNotRead) await recordDeployFreeze(deps.db, repository, { reason: null, readAt: null })
    return 'unread'
  }
  await recordDeployFreeze(deps.db, repository, { reason, readAt })
  return reason === null ? 'none' : { reason, readAt }
}

const storableReason = (value: string) => value.slice(0, REASON_LENGTH).replaceAll('\0', '\u{fffd}')

/** The last value read that freezes, from the columns of a surface. */
export const knownDeployFreeze = ({ deployFreeze, deployFreezeReadAt }: StoredFreeze): DeployFreeze | null =>
  deployFreeze === null || deployFreezeReadAt === null ? null : { reason: deployFreeze, readAt: deployFreezeReadAt }

interface StoredFreeze {
  readonly deployFreeze: string | null
  readonly deployFreezeReadAt: Date | null
}

/**
 * Throws `frozen` while DEPLOY_FREEZE stops a production deploy. The last value read is enough to let a deploy pass, since the
 * workflow checks the variable too. Before a refusal, GitHub is asked again.
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
