import 'server-only'
import { z } from 'zod'
import { keptJobs } from '~/domain/deploy/run-jobs'
import { AppError } from '~/domain/errors'
import { inSentence, withoutCredentials } from '~/domain/foreign-text'
import { likelySpelling } from '~/domain/likely-spelling'
import { shortSha } from '~/domain/ref'
import { broken, checkWorkflow, ok, type SetupLine, unknown } from '~/domain/surface/setup'
import { minuteUtc } from '~/domain/utc-time'
import type { Deps } from '~/server/deps'
import { answerOfError, asGitHubError, classifyAnswer, explainAnswer } from '~/server/github/answers'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { PAGE_LENGTH } from '~/server/github/reads'
import { resolveRef } from '~/server/github/refs'
import { loadWorkflowFile, UnshownFileError } from '~/server/github/workflow-file'
import type { requireDeclaration } from '~/server/surfaces/declare/declarations'

const READ_TIMEOUT_MS = 8_000
/** Signatures and tokens are refused beyond five minutes; this leaves time to act. */
const SKEW_MS = 60_000

export type CheckDeps = Pick<Deps, 'db' | 'github' | 'config' | 'logger' | 'now'>
export type Declaration = Awaited<ReturnType<typeof requireDeclaration>>

const repositoryAnswer = z.object({
  id: z.int(),
  full_name: z.string(),
  archived: z.boolean().optional(),
  default_branch: z.string().optional(),
})

interface CheckedRepository {
  readonly lines: readonly SetupLine[]
  /** GitHub does not accept the credentials. */
  readonly isRefused: boolean
  readonly defaultBranch: string | null
}

/** Whether GitHub shows the repository to these credentials, under this name. */
export async function checkRepository(deps: CheckDeps, surface: Declaration): Promise<CheckedRepository> {
  const { github, now } = deps
  const about = 'Repository'
  const name = inSentence(surface.repository)
  let answer: Awaited<ReturnType<GitHub['request']>>
  try {
    answer = await github.request('GET /repos/{owner}/{repo}', {
      ...ownerAndRepo(surface.repository),
      request: { signal: AbortSignal.timeout(READ_TIMEOUT_MS) },
    })
  } catch (error) {
    return explainHiddenRepository(deps, surface, error)
  }
  const found = repositoryAnswer.safeParse(answer.data).data
  if (found === undefined) {
    const line = isJson(answer.headers)
      ? unknown(about, 'GitHub’s answer does not match its documentation.')
      : notTheApi(deps, answer.status)
    return { lines: [line], isRefused: false, defaultBranch: null }
  }
  const { full_name, id, archived, default_branch: defaultBranch = null } = found
  const lines: SetupLine[] = []
  if (full_name.toLowerCase() !== surface.repository.toLowerCase()) {
    const text = `${name} moved to ${inSentence(full_name)}.`
    lines.push(broken(about, text, 'Update `repository` in surfaces.yaml.', 'repository'))
  } else if (surface.repositoryId !== null && surface.repositoryId !== BigInt(id)) {
    const text = `${name} has the number ${id}, and surfaces.yaml declares ${surface.repositoryId}.`
    lines.push(
      broken(
        about,
        text,
        'Find out whether this is another repository under the same name, then correct `repository_id` in surfaces.yaml.',
        'repository_id',
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
  return { lines, isRefused: false, defaultBranch }
}

function explainHiddenRepository(deps: CheckDeps, { repository }: Declaration, error: unknown): CheckedRepository {
  const answer = answerOfError(error)
  const { kind } = classifyAnswer('look', answer)
  const give = 'Give the credentials access to the repository, or correct `repository` in surfaces.yaml.'
  const line =
    kind === 'unauthorised'
      ? broken(
          'Credentials',
          'GitHub does not accept the console’s credentials.',
          'Renew GITHUB_DISPATCH_TOKEN, or the App’s private key, and restart the console with it.',
        )
      : kind === 'gone' && !isJson(answer.headers)
        ? notTheApi(deps, answer.status)
        : failedRead('Repository', error, { repository }, give, 'repository')
  return { lines: [line], isRefused: kind === 'unauthorised', defaultBranch: null }
}

const isJson = (headers: Readonly<Record<string, unknown>>) => /\bjson\b/i.test(String(headers['content-type'] ?? ''))

/** GitHub’s API answers with JSON, also if it does not find something. */
const notTheApi = ({ config }: CheckDeps, status: number | null) =>
  broken(
    'GitHub',
    `${withoutCredentials(config.githubApiUrl)} answers (HTTP ${status}), but not as GitHub’s API does.`,
    'Correct GITHUB_API_URL. For an Enterprise Server it ends in /api/v3; for github.com leave it unset.',
  )

const NEEDED = 'Give them "Actions: read and write" and "Contents: read" in the repository.'

/** GitHub shows no permission of a fine-grained token or an App, so only an accepted dispatch proves that runs can be started. */
export async function checkCredentials({ db }: CheckDeps, { repository }: Declaration): Promise<SetupLine[]> {
  const about = 'Credentials'
  const started = await db.deploy.findFirst({
    where: { repository, githubRunId: { not: null } },
    orderBy: { id: 'desc' },
    select: { requestedAt: true },
  })
  if (started === null)
    return [unknown(about, 'Whether the credentials may start a workflow is known after the first deploy.', NEEDED)]
  return [
    ok(
      about,
      `The console last started a workflow in this repository at ${minuteUtc(started.requestedAt.toISOString())}.`,
    ),
  ]
}

/** A file on a ref that does not exist says nothing about the file. */
export async function checkRefAndWorkflow(
  deps: CheckDeps,
  surface: Declaration,
  defaultBranch: string | null,
): Promise<SetupLine[]> {
  const [ref, workflow, file] = await Promise.all([
    checkRef(deps.github, surface, defaultBranch),
    checkWorkflowState(deps.github, surface),
    checkWorkflowFile(deps, surface),
  ])
  const isFileMissing = file.some(({ about, state }) => about === WORKFLOW_FILE && state === 'broken')
  const isExplained = ref.state === 'broken' || workflow.state === 'broken'
  return [ref, workflow, ...(isFileMissing && isExplained ? [] : file)]
}

async function checkRef(
  github: GitHub,
  { repository, ref }: Declaration,
  defaultBranch: string | null,
): Promise<SetupLine> {
  const about = 'Default ref'
  try {
    const { sha } = await resolveRef(github, repository, ref)
    return ok(about, `${inSentence(ref)} is at ${shortSha(sha)}.`)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const correct = 'Correct `ref` in surfaces.yaml'
    if (error.code === 'ref_ambiguous') {
      const found = `${inSentence(ref)} is a branch and a tag.`
      return broken(about, found, `${correct}: give the full name, such as refs/heads/${ref}.`, 'ref')
    }
    if (error.code !== 'ref_unknown') return unknown(about, error.message)
    const branch =
      defaultBranch === null ? '' : ` The default branch of the repository is ${inSentence(defaultBranch)}.`
    return broken(about, `GitHub finds no branch or tag ${inSentence(ref)}.`, `${correct}.${branch}`, 'ref')
  }
}

const workflowAnswer = z.object({ state: z.string() })

async function checkWorkflowState(github: GitHub, { repository, workflow }: Declaration): Promise<SetupLine> {
  const about = 'Workflow'
  const name = inSentence(workflow)
  try {
    const { data } = await github.request('GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}', {
      ...ownerAndRepo(repository),
      workflow_id: workflow,
      request: { signal: AbortSignal.timeout(READ_TIMEOUT_MS) },
    })
    const state = workflowAnswer.safeParse(data).data?.state
    if (state === undefined) return unknown(about, 'GitHub’s answer does not match its documentation.')
    if (state === 'active') return ok(about, `${name} is enabled.`)
    return broken(about, `${name} is not enabled: GitHub says ${inSentence(state)}.`, 'Enable the workflow on GitHub.')
  } catch (error) {
    const isGone = classifyAnswer('look', answerOfError(error)).kind === 'gone'
    const others = isGone ? await listWorkflows(github, repository) : []
    const meant = likelySpelling(workflow, others)
    const known = others.length === 0 ? '' : ` It has ${others.slice(0, 20).map(inSentence).join(', ')}.`
    const hint = meant === null ? known : ` Did you mean ${inSentence(meant)}?`
    const missing = `Put ${name} on the default branch of the repository, or correct \`workflow\` in surfaces.yaml.${hint}`
    return failedRead(about, error, { repository, workflow }, missing, 'workflow')
  }
}

const workflowsAnswer = z.object({ workflows: z.array(z.object({ path: z.string() })) })

/** The workflow files of the repository; none if GitHub does not list them. */
async function listWorkflows(github: GitHub, repository: string): Promise<string[]> {
  try {
    const { data } = await github.request('GET /repos/{owner}/{repo}/actions/workflows', {
      ...ownerAndRepo(repository),
      per_page: PAGE_LENGTH,
      request: { signal: AbortSignal.timeout(READ_TIMEOUT_MS) },
    })
    return workflowsAnswer.parse(data).workflows.map(({ path }) => path.slice(path.lastIndexOf('/') + 1))
  } catch {
    return []
  }
}

const WORKFLOW_FILE = 'Workflow file'

async function checkWorkflowFile({ github, db }: CheckDeps, surface: Declaration): Promise<SetupLine[]> {
  try {
    const [file, shown] = await Promise.all([loadWorkflowFile(github, surface), namesOfLastRun(db, surface)])
    return checkWorkflow(surface, file, shown)
  } catch (error) {
    return [unreadableFile(error, surface)]
  }
}

/** The names of jobs and steps in the last run that the console started for the surface. */
async function namesOfLastRun(db: Deps['db'], { id, workflow }: Declaration): Promise<string[]> {
  const attempt = await db.runAttempt.findFirst({
    where: { deploy: { surfaceId: id, workflow } },
    orderBy: [{ deployId: 'desc' }, { attempt: 'desc' }],
    select: { jobs: true },
  })
  const { jobs = [] } = keptJobs.safeParse(attempt?.jobs).data ?? {}
  return jobs.flatMap(({ name, steps }) => [name, ...steps.map((step) => `${name} / ${step.name}`)])
}

function unreadableFile(error: unknown, { repository, workflow, ref }: Declaration): SetupLine {
  const about = WORKFLOW_FILE
  const name = inSentence(workflow)
  if (asGitHubError(error) !== null) {
    return failedRead(
      about,
      error,
      { repository, workflow },
      `Put ${name} on ${inSentence(ref)}, or give the credentials "Contents: read".`,
      'workflow',
    )
  }
  if (error instanceof UnshownFileError) return unknown(about, `GitHub does not show the text of ${name}.`)
  const why = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : ''
  return broken(about, `${name} cannot be read as a workflow: ${inSentence(why.slice(0, 200))}`, 'Correct the file.')
}

/** A missing thing is broken. Anything else proves nothing. */
function failedRead(
  about: string,
  error: unknown,
  asked: { readonly repository: string; readonly workflow?: string },
  fix: string,
  key: string,
): SetupLine {
  const answer = answerOfError(error)
  const text = explainAnswer('look', answer, asked).replace(' Nothing was changed.', '')
  const { kind } = classifyAnswer('look', answer)
  return kind === 'later' || kind === 'unknown' ? unknown(about, text) : broken(about, text, fix, key)
}
