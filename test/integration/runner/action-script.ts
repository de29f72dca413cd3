import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { temporaryDirectory } from './git-repository'

const actions = path.resolve(import.meta.dirname, '../../../.github/actions')

/** Everything these scripts start; each gets a stand-in that writes down its arguments, then becomes the real program. */
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

/** Runs an action's script the way the composite action does: values as environment variables only. Its pauses can be left out. */
export async function runScript(
  script: string,
  variables: Readonly<Record<string, string>>,
  options: { readonly sleep: boolean } = { sleep: true },
): Promise<ScriptResult> {
  const directory = temporaryDirectory()
  const shims = path.join(directory, 'bin')
  const temp = path.join(directory, 'temp')
  const calls = path.join(directory, 'calls')
  const environments = path.join(directory, 'environments')
  const outputs = path.join(directory, 'outputs')
  mkdirSync(shims)
  mkdirSync(temp)
  for (const program of programs) {
    const shim = path.join(shims, program)
    writeFileSync(
      shim,
      `#!/usr/bin/env bash
printf '%s\\n' "${program} $*" >> "$CALLS"
env >> "$ENVIRONMENTS"
${program === 'sleep' && !options.sleep ? 'exit 0' : `PATH="$REAL_PATH" exec ${program} "$@"`}
`,
    )
    chmodSync(shim, 0o755)
  }
  const realPath = process.env['PATH'] ?? ''
  const child = spawn('bash', [path.join(actions, script)], {
    cwd: directory,
    env: {
      ...process.env,
      PATH: `${shims}:${realPath}`,
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
