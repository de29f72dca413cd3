import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a program, and shows its output if it fails. */
export async function succeed(program: string, args: readonly string[]): Promise<string> {
  const { code, out, err } = await end(program, args)
  if (code !== 0)
    throw new Error(`${program} ${args[0]} ended with ${code}:\n${out.slice(-4_000)}\n${err.slice(-8_000)}`)
  return out
}

export async function end(program: string, args: readonly string[]): Promise<Ended> {
  try {
    const { stdout, stderr } = await run(program, [...args], { maxBuffer: 64 * 2 ** 20 })
    return { code: 0, out: stdout, err: stderr }
  } catch (error) {
    if (!isExit(error)) throw error
    return { code: error.code, out: error.stdout, err: error.stderr }
  }
}

const isExit = (error: unknown): error is { code: number; stdout: string; stderr: string } =>
  error instanceof Error && 'code' in error && typeof error.code === 'number'

/** crun does not start in a container with hybrid cgroups. No container writes, gains a right or opens a port of its own. */
const RUN = [
  ...['--runtime', 'runc', '--cgroup-manager', 'cgroupfs', 'run', '--rm', '--read-only', '--read-only-tmpfs=false'],
  ...['--cap-drop=all', '--security-opt=no-new-privileges', '--network=host'],
  ...['--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=4096:4096'],
]

export interface Settings {
  readonly image: string
  readonly env: Readonly<Record<string, string>>
  readonly volumes: readonly string[]
  /** More options of `podman run`. */
  readonly options?: readonly string[]
}

/** Values go by the environment of podman: arguments are readable by every user of the machine. */
function argsOf(
  { image, env, volumes, options = [] }: Settings,
  args: readonly string[],
  more: readonly string[] = [],
): string[] {
  return [
    ...RUN,
    ...more,
    ...options,
    ...Object.keys(env).flatMap((name) => ['--env', name]),
    ...volumes.flatMap((volume) => ['--volume', volume]),
    image,
    ...args,
  ]
}

/** Runs a command of the image to its end. */
export function runInImage(settings: Settings, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn('podman', argsOf(settings, args), { env: { ...process.env, ...settings.env } })
    let out = ''
    let err = ''
    child.stdout.on('data', (text: Buffer) => (out += text))
    child.stderr.on('data', (text: Buffer) => (err += text))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? -1, out, err }))
  })
}

export interface Container {
  readonly log: () => string
  /** Of the process in the container, as the machine sees it. */
  readonly pid: () => Promise<number>
  readonly exited: Promise<number | null>
  /** Sends SIGTERM, and returns the exit code and how long the end took. */
  readonly stop: () => Promise<{ readonly code: number | null; readonly tookMs: number }>
  readonly remove: () => Promise<void>
}

export function startInImage(settings: Settings, name: string, args: readonly string[]): Container {
  const child = spawn('podman', argsOf(settings, args, ['--name', name]), { env: { ...process.env, ...settings.env } })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (log += text))
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  return {
    log: () => log,
    exited,
    pid: async () => Number(await succeed('podman', ['inspect', '--format', '{{.State.Pid}}', name])),
    async stop() {
      const from = performance.now()
      await succeed('podman', ['--runtime', 'runc', '--cgroup-manager', 'cgroupfs', 'kill', '--signal', 'TERM', name])
      return { code: await exited, tookMs: performance.now() - from }
    },
    async remove() {
      await end('podman', ['--runtime', 'runc', '--cgroup-manager', 'cgroupfs', 'rm', '--force', name])
    },
  }
}
