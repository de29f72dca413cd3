import { mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { type Frame, log, processEnvironment } from '~/sandbox/runner/frame'
import { runProcess } from '~/sandbox/runner/run-process'
import type { StepResult } from '~/sandbox/runner/run-shell'

/** The supported inputs of `actions/checkout`. A run with any other input is refused before it starts. */
export const checkoutInputs: readonly string[] = [
  'repository',
  'ref',
  'path',
  'fetch-depth',
  'fetch-tags',
  'clean',
  'token',
  'persist-credentials',
  'set-safe-directory',
  'show-progress',
]

/** The built-in `actions/checkout`. It fetches from the run's bare repository. */
export async function runCheckout(
  frame: Frame,
  inputs: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<StepResult> {
  const { job } = frame
  const { repository, sha } = job.request
  const fullName = `${repository.owner}/${repository.name}`
  const wanted = inputs['repository'] || fullName
  if (wanted !== fullName) throw new Error(`The sandbox cannot check out ${wanted}, only ${fullName}.`)
  const target = path.resolve(job.workspace, inputs['path'] || '.')
  if (target !== job.workspace && !target.startsWith(job.workspace + path.sep)) {
    throw new Error(`Repository path '${target}' is not under '${job.workspace}'`)
  }
  log(frame, `Syncing repository: ${fullName}`)
  await emptyDirectory(target)

  const git = async (...args: string[]): Promise<readonly string[]> => {
    const lines: string[] = []
    log(frame, `[command]git ${args.join(' ')}`)
    const exitCode = await runProcess({
      command: 'git',
      args,
      cwd: target,
      env: { ...processEnvironment(frame, {}), GIT_TERMINAL_PROMPT: '0' },
      onLine: (line) => lines.push(line),
      signal,
      groups: job.groups,
    })
    for (const line of lines) log(frame, line)
    if (exitCode !== 0) throw new Error(`The process 'git' failed with exit code ${exitCode}`)
    return lines
  }

  await git('init', '--quiet', '--initial-branch=main')
  await git('remote', 'add', 'origin', repository.gitDir)
  const ref = inputs['ref'] || sha
  const source = /^[0-9a-f]{40}$/.test(ref) ? ref : await resolveRef(git, ref)
  const depth = inputs['fetch-depth'] ?? '1'
  const everything = ['+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*']
  await git(
    'fetch',
    '--quiet',
    '--no-tags',
    ...(depth === '0' ? [] : [`--depth=${Number(depth)}`]),
    'origin',
    ...(depth === '0' ? everything : []),
    `+${source}:refs/remotes/checkout/target`,
  )
  await git(
    '-c',
    'advice.detachedHead=false',
    'checkout',
    '--quiet',
    '--force',
    '--detach',
    'refs/remotes/checkout/target',
  )
  const [commit = ''] = await git('rev-parse', 'HEAD')
  return { succeeded: true, outputs: { ref, commit } }
}

/** As in the original, a branch wins over a tag of the same name. */
async function resolveRef(git: (...args: string[]) => Promise<readonly string[]>, ref: string): Promise<string> {
  const candidates = ref.startsWith('refs/') ? [ref] : [`refs/heads/${ref}`, `refs/tags/${ref}`]
  const lines = await git('ls-remote', 'origin', ...candidates)
  const found = candidates.find((candidate) => lines.some((line) => line.endsWith(`\t${candidate}`)))
  if (found === undefined) throw new Error(`A branch or tag with the name '${ref}' could not be found`)
  return found
}

async function emptyDirectory(directory: string) {
  await mkdir(directory, { recursive: true })
  for (const entry of await readdir(directory)) await rm(path.join(directory, entry), { recursive: true, force: true })
}
