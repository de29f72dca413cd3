import 'server-only'
import { z } from 'zod'
import { AppError } from '~/domain/errors'
import { inSentence, withoutCredentials } from '~/domain/foreign-text'
import { shortSha } from '~/domain/ref'
import { broken, checkWorkflow, ok, type SetupLine, type SetupReport, unknown } from '~/domain/surface/setup'
import { explainUnknownVersion, readReportedVersion, type VersionSource } from '~/domain/surface/version'
import type { Deps } from '~/server/deps'
import { answerOfError, asGitHubError, classifyAnswer, explainAnswer } from '~/server/github/answers'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { readVariable } from '~/server/github/reads'
import { resolveRef } from '~/server/github/refs'
import { loadWorkflowFile, UnshownFileError } from '~/server/github/workflow-file'
import { requireDeclaration } from '~/server/surfaces/declare/declarations'
import { askSurface } from '~/server/surfaces/probe/probe-surface'

const READ_TIMEOUT_MS = 8_000
/** Signatures and tokens are refused beyond five minutes; this leaves time to act. */
const SKEW_MS = 60_000

type CheckDeps = Pick<Deps, 'db' | 'github' | 'config' | 'logger' | 'now'>
type Declaration = Awaited<ReturnType<typeof requireDeclaration>>

/**
 * Checks everything that a surface needs before its first deploy: GitHub, the workflow file, the surface itself and its reports. Changes
 * nothing. Costs up to six requests to GitHub, most of them conditional.
 *
 * @throws AppError `surface_unknown`
 */
export async function checkSurface(deps: CheckDeps, surfaceId: string): Promise<SetupReport> {
  const surface = await requireDeclaration(deps.db, surfaceId)
  const repository = await checkRepository(deps, surface)
  const isReadable = repository.every(({ state }) => state !== 'broken')
  const [credentials, ref, workflow, own, reports] = await Promise.all([
    checkCredentials(deps, surface),
    isReadable ? checkRef(deps.github, surface) : [],
    isReadable ? checkWorkflowFile(deps.github, surface) : [],
    checkAnswers(deps, surface),
    checkReports(deps, surface, isReadable),
  ])
  const { id, name, environment } = surface
  return {
    surface: { id, name, environment },
    lines: [...repository, credentials, ...ref, ...workflow, ...own, ...reports],
  }
}

const repositoryAnswer = z.object({
  id: z.int(),
  full_name: z.string(),
  archived: z.boolean().optional(),
})

/** Whether GitHub shows the repository to these credentials, under this name. */
async function checkRepository({ github, now }: CheckDeps, surface: Declaration): Promise<SetupLine[]> {
  const about = 'Repository'
  const name = inSentence(surface.repository)
  let answer: Awaited<ReturnType<GitHub['request']>>
  try {
    answer = await github.request('GET /repos/{owner}/{repo}', {
      ...ownerAndRepo(surface.repository),
      request: { signal: AbortSignal.timeout(READ_TIMEOUT_MS) },
    })
  } catch (error) {
    return [
      failedRead(
        about,
        error,
        surface.repository,
        'Give the credentials access to the repository, or correct `repository`.',
      ),
    ]
  }
  const found = repositoryAnswer.safeParse(answer.data).data
  if (found === undefined) return [unknown(about, 'GitHub’s answer does not match its documentation.')]
  const { full_name, id, archived } = found
  const lines: SetupLine[] = []
  if (full_name.toLowerCase() !== surface.repository.toLowerCase()) {
    lines.push(broken(about, `${name} moved to ${inSentence(full_name)}.`, 'Update `repository` in surfaces.yaml.'))
  } else if (surface.repositoryId !== null && surface.repositoryId !== BigInt(id)) {
    const text = `${name} has the number ${id}, and surfaces.yaml declares ${surface.repositoryId}.`
    lines.push(
      broken(
        about,
        text,
        'Find out whether this is another repository under the same name, then correct `repository_id`.',
      ),
    )
  } else if (archived === true) {
    lines.push(broken(about, `${name} is archived, so GitHub starts no workflow there.`, 'Unarchive the repository.'))
  } else lines.push(ok(about, `GitHub shows ${name}.`))
  const date = Date.parse(String(answer.headers['date'] ?? ''))
  const skew = Math.abs(date - now().getTime())
  if (skew > SKEW_MS) {
    const text = `The clock of this machine and GitHub’s differ by ${Math.round(skew / 1000)} s.`
    lines.push(
      broken(
        'Clock',
        text,
        'Set the clock by NTP: signatures and tokens are refused when clocks differ by five minutes.',
      ),
    )
  }
  return lines
}

const NEEDED = 'Give them "Actions: read and write" and "Contents: read" in the repository.'

/** GitHub shows no permission of a fine-grained token or an App, so only an accepted dispatch proves that runs can be started. */
async function checkCredentials({ db }: CheckDeps, { repository }: Declaration): Promise<SetupLine> {
  const about = 'Credentials'
  const started = await db.deploy.findFirst({
    where: { repository, githubRunId: { not: null } },
    orderBy: { id: 'desc' },
    select: { requestedAt: true },
  })
  if (started === null)
    return unknown(about, 'Whether the credentials may start a workflow is known with the first deploy.', NEEDED)
  return ok(about, `The console last started a workflow in this repository at ${utcMinute(started.requestedAt)}.`)
}

const utcMinute = (at: Date) => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`

async function checkRef(github: GitHub, { repository, ref }: Declaration): Promise<SetupLine[]> {
  const about = 'Default ref'
  try {
    const { sha } = await resolveRef(github, repository, ref)
    return [ok(about, `${inSentence(ref)} is at ${shortSha(sha)}.`)]
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    if (error.code !== 'ref_unknown' && error.code !== 'ref_ambiguous') return [unknown(about, error.message)]
    const found = `GitHub does not find ${inSentence(ref)} as one branch or tag.`
    return [broken(about, found, 'Correct `ref` in surfaces.yaml, with the full name if a branch and a tag share it.')]
  }
}

const workflowAnswer = z.object({ state: z.string() })

async function checkWorkflowFile(github: GitHub, surface: Declaration): Promise<SetupLine[]> {
  const about = 'Workflow'
  const { repository, workflow } = surface
  const name = inSentence(workflow)
  const missing = `Put ${name} on the default branch of the repository, or correct \`workflow\`.`
  const enabled = github
    .request('GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}', {
      ...ownerAndRepo(repository),
      workflow_id: workflow,
      request: { signal: AbortSignal.timeout(READ_TIMEOUT_MS) },
    })
    .then(({ data }) => {
      const state = workflowAnswer.safeParse(data).data?.state
      if (state === undefined) return unknown(about, 'GitHub’s answer does not match its documentation.')
      return state === 'active'
        ? ok(about, `${name} is enabled.`)
        : broken(about, `${name} is not enabled: GitHub says ${inSentence(state)}.`, 'Enable the workflow on GitHub.')
    })
    .catch((error: unknown) => failedRead(about, error, repository, missing))
  const compared = loadWorkflowFile(github, surface)
    .then((file) => checkWorkflow(surface, file))
    .catch((error: unknown) => [unreadableFile(error, surface)])
  return [await enabled, ...(await compared)]
}

function unreadableFile(error: unknown, { repository, workflow, ref }: Declaration): SetupLine {
  const about = 'Workflow file'
  const name = inSentence(workflow)
  if (asGitHubError(error) !== null) {
    return failedRead(
      about,
      error,
      repository,
      `Put ${name} on ${inSentence(ref)}, or give the credentials "Contents: read".`,
    )
  }
  if (error instanceof UnshownFileError) return unknown(about, `GitHub does not show the text of ${name}.`)
  const why = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : ''
  return broken(about, `${name} cannot be read as a workflow: ${inSentence(why.slice(0, 200))}`, 'Correct the file.')
}

/** A missing thing is broken. Anything else proves nothing. */
function failedRead(about: string, error: unknown, repository: string, fix: string): SetupLine {
  const answer = answerOfError(error)
  const text = explainAnswer('look', answer, { repository }).replace(' Nothing was changed.', '')
  const { kind } = classifyAnswer('look', answer)
  return kind === 'later' || kind === 'unknown' ? unknown(about, text) : broken(about, text, fix)
}

/** What the surface itself answers now. */
async function checkAnswers(deps: CheckDeps, surface: Declaration): Promise<SetupLine[]> {
  const { health, detail, reported } = await askSurface(deps, surface)
  const address = inSentence(withoutCredentials(surface.healthUrl))
  const first =
    health === 'healthy'
      ? ok('Health', `${address} answers.`)
      : broken('Health', `${address} ${detail ?? 'is not healthy'}.`, 'Correct `health_url`, or start the surface.')
  const where = inSentence(withoutCredentials(surface.versionSource?.url ?? surface.healthUrl))
  return [first, versionLine(where, reported, surface.versionSource?.is ?? 'commit')]
}

const NEVER_SEEN = { name: null, sha: null, problem: null }

function versionLine(where: string, reported: string | null, is: VersionSource['is']): SetupLine {
  const about = 'Version'
  if (reported === null) {
    return broken(
      about,
      `${where} does not say which version runs, so a deploy cannot be compared with it.`,
      'Answer `{"version": "<commit SHA>"}`, or declare `version` in surfaces.yaml.',
    )
  }
  const { name, problem } = readReportedVersion(reported, { is, known: NEVER_SEEN, deployed: null })
  return problem === 'not_commit'
    ? broken(
        about,
        explainUnknownVersion(name ?? reported, problem),
        'Correct `version` in surfaces.yaml, or declare `is: ref`.',
      )
    : ok(about, `The surface says that it runs ${inSentence(name ?? reported)}.`)
}

const WAYS = {
  shared: 'the shared secret',
  repository: 'the secret of its repository',
  oidc: 'GitHub’s token',
} as const

/** Whether workflows report to this console: the last callback, and the address to which the actions send. */
async function checkReports(deps: CheckDeps, surface: Declaration, isReadable: boolean): Promise<SetupLine[]> {
  const last = await deps.db.auditEvent.findFirst({
    where: { surfaceId: surface.id, action: 'console.deploy.callback' },
    orderBy: { id: 'desc' },
    select: { at: true, payload: true },
  })
  if (last === null) {
    return [ok('Reports', 'No workflow has reported to this surface. The console follows GitHub’s record.')]
  }
  const way = z.object({ way: z.enum(['shared', 'repository', 'oidc']) }).safeParse(last.payload).data?.way
  const by = way === undefined ? '' : `, proved by ${WAYS[way]}`
  const lines = [ok('Reports', `A workflow last reported at ${utcMinute(last.at)}${by}.`)]
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
