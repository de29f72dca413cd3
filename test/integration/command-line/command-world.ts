import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { Machine } from '~/command-line/operator-command'
import { runCommandLine } from '~/command-line/run-command-line'
import { TOKEN_PERMISSIONS } from '~/domain/api-token'
import type { CreateTokenInput } from '~/domain/api-token-input'
import { createToken } from '~/server/tokens/manage-tokens'
import { createTestConsole, insertSurface } from '~test/support/console'
import { startRestServer } from '~test/support/rest-server'
import { handlersOf, listRoutes } from '~test/support/route-modules'
import { startScriptedGitHub } from '~test/support/scripted-github'
import { signedCallback } from '~test/support/signed-callback'
import { insertMember } from '~test/support/token-owners'

/** A console behind its REST interface, a GitHub, and a script with a token of `ada` that may do everything. */
export async function createCommandWorld() {
  const github = await startScriptedGitHub()
  const console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  const { deps } = console_
  const server = await startRestServer(deps)
  const ada = await insertMember(deps, 'ada@example.com')
  for (const environment of ['production', 'staging']) await insertSurface(deps, { environment })

  async function tokenFor(scope: Partial<CreateTokenInput>): Promise<string> {
    const all = { permissions: [...TOKEN_PERMISSIONS], environments: ['production', 'staging'], surfaces: null }
    const made = await createToken(deps, ada, {
      label: `ci-${randomUUID()}`,
      expiresInDays: 1,
      ...all,
      ...scope,
    })
    return made.secret
  }

  const token = await tokenFor({})

  /** Runs a command as a script does. `onPause` is what happens between two polls. */
  async function run(
    args: readonly string[],
    { onPause, ...machine }: Partial<Machine> & { onPause?: () => unknown } = {},
  ) {
    const out: string[] = []
    const err: string[] = []
    const code = await runCommandLine(
      args,
      {
        environment: { DEPLOY_CONSOLE_URL: server.address, DEPLOY_CONSOLE_TOKEN: token },
        name: 'build-7',
        print: async (line) => void out.push(line),
        note: (line) => void err.push(line),
        ask: async () => null,
        hasTerminal: false,
        pause: async () => void (await onPause?.()),
        ...machine,
      },
      { caller: { call: 'deploy-console', notes: [] }, version: '1.2.3' },
    )
    return { code, out: out.join('\n'), err: err.join('\n') }
  }

  /** What the workflow of a surface's newest deploy reports. */
  async function report(surfaceId: string, body: Record<string, unknown>): Promise<void> {
    const { id } = await deps.db.deploy.findFirstOrThrow({ where: { surfaceId }, orderBy: { id: 'desc' } })
    const route = listRoutes('api/internal').find(({ template }) => template.endsWith('/status'))
    if (route === undefined) throw new Error('no route for callbacks')
    const request = signedCallback(id, { run_id: '4294967296', run_attempt: 1, ...body })
    const answer = await (await handlersOf(route))['POST']?.(request, { params: Promise.resolve({ id }) })
    expect(answer?.status).toBe(200)
  }

  /** One report after each poll. */
  const reporting = (surfaceId: string, bodies: readonly Record<string, unknown>[]) => {
    const rest = [...bodies]
    return async () => {
      const next = rest.shift()
      if (next !== undefined) await report(surfaceId, next)
    }
  }

  return {
    ...{ deps, github, server, ada, token, tokenFor, run, reporting },
    close: async () => {
      await server.close()
      await console_.close()
      await github.close()
    },
  }
}

export type CommandWorld = Awaited<ReturnType<typeof createCommandWorld>>

/** What the workflow of a deploy that succeeds reports. */
export const SUCCESS = [
  { status: 'building' },
  { status: 'deploying', log_line: 'Moved \u001b[32mtraffic\u001b[0m\u001b]0;x' },
  { status: 'succeeded' },
]
