import 'server-only'
import { z } from 'zod'
import { inSentence, withoutCredentials } from '~/domain/foreign-text'
import { explainMissingVersion } from '~/domain/surface/missing-version'
import { broken, ok, type SetupLine, type SetupReport, unknown } from '~/domain/surface/setup'
import { explainUnknownVersion, readReportedVersion } from '~/domain/surface/version'
import { minuteUtc } from '~/domain/utc-time'
import { readVariable } from '~/server/github/reads'
import {
  type CheckDeps,
  checkCredentials,
  checkRefAndWorkflow,
  checkRepository,
  type Declaration,
} from '~/server/surfaces/check/check-github'
import { requireDeclaration } from '~/server/surfaces/declare/declarations'
import { askSurface } from '~/server/surfaces/probe/probe-surface'

/**
 * Checks everything that a surface needs before its first deploy: GitHub, the workflow file, the surface itself and its reports. Changes
 * nothing. Costs up to seven requests to GitHub, most of them conditional.
 *
 * @throws AppError `surface_unknown`
 */
export async function checkSurface(deps: CheckDeps, surfaceId: string): Promise<SetupReport> {
  const surface = await requireDeclaration(deps.db, surfaceId)
  const repository = await checkRepository(deps, surface)
  const isReadable = repository.lines.every(({ state }) => state !== 'broken')
  const [credentials, ofGitHub, own, reports] = await Promise.all([
    repository.isRefused ? [] : checkCredentials(deps, surface),
    isReadable ? checkRefAndWorkflow(deps, surface, repository.defaultBranch) : [],
    checkAnswers(deps, surface),
    checkReports(deps, surface, isReadable),
  ])
  const { id, name, environment } = surface
  return {
    surface: { id, name, environment },
    lines: [...repository.lines, ...credentials, ...ofGitHub, ...own, ...reports],
  }
}

/** What the surface itself answers now. */
async function checkAnswers(deps: CheckDeps, surface: Declaration): Promise<SetupLine[]> {
  const { health, detail, reported, answers } = await askSurface(deps, surface)
  const address = inSentence(withoutCredentials(surface.healthUrl))
  const page = isPage(answers.health)
    ? ' with a web page. Make sure that this address gives another answer while the surface is broken.'
    : '.'
  const first =
    health === 'healthy'
      ? ok('Health', `${address} answers${page}`)
      : broken(
          'Health',
          `${address} ${detail ?? 'is not healthy'}.`,
          'Correct `health_url` in surfaces.yaml, or start the surface.',
          'health_url',
        )
  return [first, versionLine(surface, reported, answers.version)]
}

type Answer = Awaited<ReturnType<typeof askSurface>>['answers']['version']

const contentType = (answer: Answer) => answer?.response.headers.get('content-type') ?? ''
const isPage = (answer: Answer) => /^text\/html\b/i.test(contentType(answer))

const NEVER_SEEN = { name: null, sha: null, problem: null }

function versionLine(surface: Declaration, reported: string | null, answer: Answer): SetupLine {
  const about = 'Version'
  const { healthUrl, versionSource: source } = surface
  const key = source === null ? 'health_url' : `version.${source.in}`
  if (reported === null) {
    const where = inSentence(withoutCredentials(source?.url ?? healthUrl))
    const { found, fix } = explainMissingVersion(
      where,
      source,
      answer === null
        ? null
        : { status: answer.response.status, contentType: contentType(answer), body: parsedBody(answer.text) },
    )
    return broken(about, found, fix, key)
  }
  const is = source?.is ?? 'commit'
  const { name, problem } = readReportedVersion(reported, { is, known: NEVER_SEEN, deployed: null })
  return problem === 'not_commit'
    ? broken(
        about,
        explainUnknownVersion(name ?? reported, problem),
        'Correct `version` in surfaces.yaml, or declare `is: ref`.',
        key,
      )
    : ok(about, `The surface says that it runs ${inSentence(name ?? reported)}.`)
}

function parsedBody(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const WAYS = {
  shared: 'the shared secret',
  repository: 'the secret of its repository',
  oidc: 'GitHub’s token',
} as const

/** Whether workflows report to this console: the last callback, and the address to which the actions send. */
async function checkReports(deps: CheckDeps, surface: Declaration, isReadable: boolean): Promise<SetupLine[]> {
  const [applied, receipt] = await Promise.all([
    deps.db.auditEvent.findFirst({
      where: { surfaceId: surface.id, action: 'console.deploy.callback' },
      orderBy: { id: 'desc' },
      select: { at: true, payload: true },
    }),
    // A report that changed no status, such as one of a line for the log, has only a receipt.
    deps.db.callbackReceipt.findFirst({
      where: { deploy: { surfaceId: surface.id } },
      orderBy: { deployId: 'desc' },
      select: { receivedAt: true },
    }),
  ])
  const last =
    receipt !== null && (applied === null || receipt.receivedAt > applied.at) ? receipt.receivedAt : applied?.at
  if (last === undefined) {
    return [ok('Reports', 'No workflow has reported to this surface. The console follows GitHub’s record.')]
  }
  const way = z.object({ way: z.enum(['shared', 'repository', 'oidc']) }).safeParse(applied?.payload).data?.way
  const by = way === undefined || last !== applied?.at ? '' : `, proved by ${WAYS[way]}`
  const lines = [ok('Reports', `A workflow last reported at ${minuteUtc(last.toISOString())}${by}.`)]
  return isReadable ? [...lines, ...(await checkAddress(deps, surface.repository))] : lines
}

async function checkAddress({ github, config }: CheckDeps, repository: string): Promise<SetupLine[]> {
  const about = 'Address for reports'
  const name = 'CONSOLE_INTERNAL_URL'
  try {
    const value = await readVariable(github, repository, name)
    if (value === null || value === config.consoleUrl) return []
    const found = `The variable ${name} of the repository is ${inSentence(value)}, and CONSOLE_URL is ${config.consoleUrl}.`
    return [
      broken(about, found, `Set ${name} to CONSOLE_URL, letter for letter. GitHub’s token is issued for that address.`),
    ]
  } catch {
    return [unknown(about, `The credentials may not read the variable ${name} ("Variables: read").`)]
  }
}
