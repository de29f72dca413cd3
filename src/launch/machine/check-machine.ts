import { accessSync, constants } from 'node:fs'
import path from 'node:path'

const OLDEST_NODE: readonly [number, number] = [20, 19]

/** The programs that the sandbox's workflow steps and repository need. */
const SANDBOX_TOOLS = ['bash', 'curl', 'openssl', 'git']

/** Throws one error that names everything missing and how to install it. */
export function checkMachine(needs: { readonly sandbox: boolean }, env: NodeJS.ProcessEnv, nodeVersion: string): void {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  const tooOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])
  const missing = needs.sandbox ? SANDBOX_TOOLS.filter((tool) => !onPath(tool, env['PATH'])) : []
  const problems = [
    ...(tooOld
      ? [`Node.js ${nodeVersion} is too old: ${OLDEST_NODE.join('.')} or newer is needed (https://nodejs.org).`]
      : []),
    ...(missing.length === 0
      ? []
      : [
          `The sandbox runs real workflow steps and lacks: ${missing.join(', ')}.`,
          `  Debian, Ubuntu: apt-get install ${missing.join(' ')} · Fedora: dnf install ${missing.join(' ')} · macOS: brew install ${missing.join(' ')}`,
          '  Or set GITHUB_DISPATCH_TOKEN, or a GitHub App, to use GitHub instead of the sandbox.',
        ]),
  ]
  if (problems.length > 0) throw new Error(`This machine lacks something; nothing was started.\n${problems.join('\n')}`)
}

function onPath(tool: string, searchPath: string | undefined): boolean {
  return (searchPath ?? '').split(path.delimiter).some((directory) => {
    try {
      accessSync(path.join(directory, tool), constants.X_OK)
      return directory !== ''
    } catch {
      return false
    }
  })
}
