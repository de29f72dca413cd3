import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { textOf } from '~/sandbox/runner/expressions'
import { type Frame, log, processEnvironment, scopeOf } from '~/sandbox/runner/frame'
import { runProcess } from '~/sandbox/runner/run-process'
import { createCommandReader, parseFileCommand } from '~/sandbox/runner/step-commands'
import type { RunWork } from '~/sandbox/runner/step-definition'

export interface StepResult {
  readonly succeeded: boolean
  readonly outputs: Readonly<Record<string, string>>
}

/**
 * GitHub's command line for each shell. Only an explicit `shell: bash` has `pipefail`.
 * https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#jobsjob_idstepsshell
 */
export const shells: Readonly<Record<string, readonly string[]>> = {
  '': ['bash', '-e'],
  bash: ['bash', '--noprofile', '--norc', '-eo', 'pipefail'],
  sh: ['sh', '-e'],
}

/** Runs one `run` step. Script and values go through a file and the environment, never through arguments. */
export async function runShell(
  frame: Frame,
  work: RunWork,
  defaults: { readonly shell: string; readonly workingDirectory: string },
  stepEnv: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<StepResult> {
  const { job } = frame
  const scope = scopeOf(frame, stepEnv)
  const shell = textOf(work.shell, scope) || defaults.shell
  const [command, ...args] = shells[shell] ?? []
  if (command === undefined) throw new Error(`The shell '${shell}' is not supported. Use bash or sh.`)
  const script = textOf(work.script, scope)
  const directory = textOf(work.workingDirectory, scope) || defaults.workingDirectory
  const cwd = path.resolve(job.workspace, directory)
  if (!existsSync(cwd)) throw new Error(`The working directory '${cwd}' does not exist.`)
  const scriptFile = path.join(job.temp, `${randomUUID()}.sh`)
  await writeFile(scriptFile, script.endsWith('\n') ? script : `${script}\n`)
  const files = await createCommandFiles(job.temp)
  logHeader(frame, script, [command, ...args, '{0}'].join(' '), stepEnv)
  const commands = createCommandReader(frame)
  const exitCode = await runProcess({
    command,
    args: [...args, scriptFile],
    cwd,
    env: { ...processEnvironment(frame, stepEnv), ...files },
    onLine: commands.read,
    signal,
    groups: job.groups,
  })
  if (exitCode !== 0 && !signal.aborted) log(frame, `##[error]Process completed with exit code ${exitCode}.`)
  const written = await applyCommandFiles(frame, files)
  return { succeeded: exitCode === 0 && !commands.refused() && written.valid, outputs: written.outputs }
}

function logHeader(frame: Frame, script: string, shell: string, env: Readonly<Record<string, string>>) {
  const lines = script.trimEnd().split('\n')
  log(frame, `##[group]Run ${lines[0] ?? ''}`)
  for (const line of lines) log(frame, line)
  log(frame, `shell: ${shell}`)
  if (Object.keys(env).length > 0) log(frame, 'env:')
  for (const [name, value] of Object.entries(env)) log(frame, `  ${name}: ${value}`)
  log(frame, '##[endgroup]')
}

interface CommandFiles extends Readonly<Record<string, string>> {
  readonly GITHUB_OUTPUT: string
  readonly GITHUB_ENV: string
  readonly GITHUB_PATH: string
  readonly GITHUB_STATE: string
  readonly GITHUB_STEP_SUMMARY: string
}

async function createCommandFiles(temp: string): Promise<CommandFiles> {
  const directory = path.join(temp, '_runner_file_commands')
  await mkdir(directory, { recursive: true })
  const id = randomUUID()
  const files = {
    GITHUB_OUTPUT: path.join(directory, `set_output_${id}`),
    GITHUB_ENV: path.join(directory, `set_env_${id}`),
    GITHUB_PATH: path.join(directory, `add_path_${id}`),
    GITHUB_STATE: path.join(directory, `save_state_${id}`),
    GITHUB_STEP_SUMMARY: path.join(directory, `step_summary_${id}`),
  }
  for (const file of Object.values(files)) await writeFile(file, '')
  return files
}

/** Applies the command files. As on GitHub, a failed step's files count too. */
async function applyCommandFiles(frame: Frame, files: CommandFiles) {
  const { job } = frame
  try {
    const [output, environment, paths] = await Promise.all(
      [files.GITHUB_OUTPUT, files.GITHUB_ENV, files.GITHUB_PATH].map((file) => readFile(file, 'utf8')),
    )
    const outputs = parseFileCommand(output ?? '')
    for (const [name, value] of Object.entries(parseFileCommand(environment ?? ''))) {
      if (name.toUpperCase() === 'NODE_OPTIONS')
        throw new Error(`Can't store ${name} output parameter using '$GITHUB_ENV' command.`)
      job.env = { ...job.env, [name]: value }
    }
    job.path = [
      ...(paths ?? '')
        .split('\n')
        .filter((line) => line.trim() !== '')
        .reverse(),
      ...job.path,
    ]
    return { valid: true, outputs }
  } catch (error) {
    log(
      frame,
      `##[error]Unable to process file command successfully: ${error instanceof Error ? error.message : error}`,
    )
    return { valid: false, outputs: {} }
  }
}
