import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { temporaryDirectory } from './git-repository'

const actions = path.resolve(import.meta.dirname, '../../../.github/actions')

/** Every program that the scripts start. A stand-in for each writes down its arguments and then runs the real program. */
const programs = ['curl', 'openssl', 'od', 'tr', 'cat', 'date', 'mktemp', 'rm', 'sleep'] as const

export interface ScriptResult {
  readonly exitCode: number | null
  readonly output: string
  /** What the script wrote to $GITHUB_OUTPUT. */
  readonly outputs: string
  /** Arguments of every program the script started, one line per call. */
  readonly calls: string
  /** Environment variables of the programs it started. */
  readonly environments: string
}

export interface ScriptOptions {
  /** If false, pauses are left out. */
  readonly sleep?: boolean
  /** A program that is not installed on the runner. */
  readonly without?: (typeof programs)[number]
  /** What bash runs first, such as `LOG_LINE=$'\\xff'`. */
  readonly before?: string
}

/** Runs an action's script the way the composite action does: values as environment variables only. */
export async function runScript(
  script: string,
  variables: Readonly<Record<string, string>>,
  options: ScriptOptions = {},
): Promise<ScriptResult> {
  const directory = temporaryDirectory()
  const shims = path.join(directory, 'bin')
  const temp = path.join(directory, 'temp')
  const calls = path.join(directory, 'calls')
  const environments = path.join(directory, 'environments')
  const outputs = path.join(directory, 'outputs')
  mkdirSync(shims)
  mkdirSync(temp)
  for (const program of programs.filter((name) => name !== options.without)) {
    const shim = path.join(shims, program)
    writeFileSync(
      shim,
      `#!/usr/bin/env bash
printf '%s\\n' "${program} $*" >> "$CALLS"
env >> "$ENVIRONMENTS"
${program === 'sleep' && options.sleep === false ? 'exit 0' : `PATH="$REAL_PATH" exec ${program} "$@"`}
`,
    )
    chmodSync(shim, 0o755)
  }
  const realPath = process.env['PATH'] ?? ''
  // If a program is to be missing, only the stand-ins are on the path.
  if (options.without !== undefined)
    for (const name of ['bash', 'env']) symlinkSync(`/usr/bin/${name}`, path.join(shims, name))
  // Node cannot set a variable to bytes that are not UTF-8; bash can.
  const call = `${options.before ?? ''} exec bash "$0"`
  const child = spawn('/usr/bin/bash', ['-c', call, path.join(actions, script)], {
    cwd: directory,
    env: {
      ...process.env,
      PATH: options.without === undefined ? `${shims}:${realPath}` : shims,
      REAL_PATH: realPath,
      CALLS: calls,
      ENVIRONMENTS: environments,
      RUNNER_TEMP: temp,
      GITHUB_OUTPUT: outputs,
      GITHUB_RUN_ID: '30433642001',
      GITHUB_RUN_ATTEMPT: '2',
      CONSOLE_DEPLOY_ID: '0192f0c1-2345-7abc-8def-0123456789ab',
      ...variables,
    },
  })
  const output: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk))
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve))
  const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '')
  return {
    exitCode,
    output: Buffer.concat(output).toString('utf8'),
    outputs: read(outputs),
    calls: read(calls),
    environments: read(environments),
  }
}
