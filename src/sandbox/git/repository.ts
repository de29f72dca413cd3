import { spawn } from 'node:child_process'

/** One of the sandbox's repositories. */
export interface Repository {
  /** GitHub's number of the repository. */
  readonly id: number
  readonly owner: string
  readonly name: string
  readonly description: string
  readonly gitDir: string
  readonly defaultBranch: string
}

export const fullNameOf = ({ owner, name }: Pick<Repository, 'owner' | 'name'>): string => `${owner}/${name}`

export const inRepository = (repository: Repository, args: readonly string[], options?: GitOptions): Promise<string> =>
  git(['--git-dir', repository.gitDir, ...args], options)

export const tryInRepository = (
  repository: Repository,
  args: readonly string[],
  options?: GitOptions,
): Promise<GitResult> => tryGit(['--git-dir', repository.gitDir, ...args], options)

interface GitOptions {
  readonly input?: string | Buffer
  readonly env?: Readonly<Record<string, string>>
  /** Stops git after this many bytes of output. */
  readonly limit?: number
}

interface GitResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const DEFAULT_LIMIT = 8 * 1024 * 1024

/** Keeps the machine's git configuration out: hooks, signing and templates. */
const gitEnvironment = (): NodeJS.ProcessEnv => ({
  // Next's types require NODE_ENV. Git ignores it.
  NODE_ENV: process.env.NODE_ENV,
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
})

/** Runs git without a shell. Returns its exit code and output. */
const tryGit = (args: readonly string[], options: GitOptions = {}): Promise<GitResult> =>
  new Promise((resolve, reject) => {
    const child = spawn('git', args, { env: { ...gitEnvironment(), ...options.env }, stdio: ['pipe', 'pipe', 'pipe'] })
    const output: Buffer[] = []
    let size = 0
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > (options.limit ?? DEFAULT_LIMIT)) child.kill()
      else output.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString('utf8')).slice(-4096)
    })
    child.stdin.on('error', () => undefined)
    child.once('error', reject)
    child.once('close', (code) =>
      resolve({ code: code ?? 128, stdout: Buffer.concat(output).toString('utf8'), stderr: stderr.trim() }),
    )
    child.stdin.end(options.input ?? '')
  })

/** Runs git. If git fails, the error has git's own message. */
export const git = async (args: readonly string[], options: GitOptions = {}): Promise<string> => {
  const result = await tryGit(args, options)
  if (result.code !== 0) throw new Error(`git ${args[2] ?? args[0] ?? ''} failed (${result.code}): ${result.stderr}`)
  return result.stdout
}

/** The text of a file at a commit, or `undefined` if the commit has no such file. */
export const readBlob = async (repository: Repository, sha: string, file: string): Promise<string | undefined> => {
  const result = await tryInRepository(repository, ['cat-file', 'blob', `${sha}:${file}`])
  return result.code === 0 ? result.stdout : undefined
}

/** A file at a commit with its own object id, or `undefined` if the commit has no such file. */
export const readFileAt = async (
  repository: Repository,
  sha: string,
  file: string,
): Promise<{ readonly sha: string; readonly text: string } | undefined> => {
  const [name, text] = await Promise.all([
    tryInRepository(repository, ['rev-parse', '--verify', '--quiet', `${sha}:${file}`]),
    readBlob(repository, sha, file),
  ])
  return name.code === 0 && text !== undefined ? { sha: name.stdout.trim(), text } : undefined
}

/** Names of the files directly below a folder at a commit. */
export const listFolder = async (repository: Repository, sha: string, folder: string): Promise<string[]> => {
  const output = await inRepository(repository, ['ls-tree', '-z', '--name-only', sha, '--', `${folder}/`])
  return output.split('\0').filter((name) => name !== '')
}
