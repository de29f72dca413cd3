import path from 'node:path'
import { z } from 'zod'
import type { SetupLine, SetupReport } from '~/domain/surface/setup'
import { readServerConfig } from '~/server/platform/config'
import { withValues } from '~/server/platform/secret-files'
import { localEnvironment } from '../local-environment.ts'
import { command } from './command.ts'

const projectDirectory = path.resolve(import.meta.dirname, '../../..')
const SIGNS = { ok: '✓', broken: '✗', unknown: '?' } as const satisfies Record<SetupLine['state'], string>

export const check = command({
  name: 'check',
  summary:
    'checks what a surface needs before its first deploy: GitHub, the workflow file, health and version. Exits with 1 if something is broken',
  options: { json: { type: 'boolean', summary: 'prints the reports as JSON' } },
  operand: { name: 'surface', value: '[surface]' },
  input: z.object({ surface: z.string().optional(), json: z.boolean().default(false) }),
  run: async ({ databaseUrl, print }, { surface, json }) => {
    const environment = await localEnvironment(withValues(process.env, { DATABASE_URL: databaseUrl }), projectDirectory)
    const { createDeps } = await import('~/server/deps')
    const { checkSurface } = await import('~/server/surfaces/check/check-surface')
    const { listSurfaces } = await import('~/server/surfaces/surfaces')
    const deps = createDeps({ ...readServerConfig(environment), logLevel: 'silent' })
    try {
      const ids = surface === undefined ? (await listSurfaces(deps.db)).map(({ id }) => id) : [surface]
      const reports: SetupReport[] = []
      // One after the other, so that no rate limit of GitHub is reached.
      for (const id of ids) {
        const report = await checkSurface(deps, id)
        reports.push(report)
        if (!json) await print(textOf(report))
      }
      if (json) await print(JSON.stringify(reports, null, 2))
      const failing = reports.filter(isBroken).length
      if (!json)
        await print(failing === 0 ? 'Nothing is broken.' : `${failing} of ${reports.length} surfaces need work.`)
      return failing === 0 ? 'done' : 'failed'
    } finally {
      await deps.github.usage.flush()
      await deps.db.$disconnect()
    }
  },
})

const isBroken = ({ lines }: SetupReport) => lines.some(({ state }) => state === 'broken')

function textOf({ surface, lines }: SetupReport): string {
  const texts = lines.map(
    ({ about, state, found, fix }) => `  ${SIGNS[state]} ${about}: ${found}${fix === null ? '' : `\n      ${fix}`}`,
  )
  return [`${surface.id} (${surface.environment})`, ...texts, ''].join('\n')
}
