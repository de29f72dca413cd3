import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import type { SetupLine, SetupReport } from '~/domain/surface/setup'
import { readServerConfig } from '~/server/platform/config'
import { withValues } from '~/server/platform/secret-files'
import { localEnvironment } from '../local-environment.ts'
import { type CommandContext, serverCommand } from './server-command.ts'
import { noteSandbox, readDeclared } from './surfaces.ts'

const projectDirectory = path.resolve(import.meta.dirname, '../../..')
const SIGNS = { ok: '✓', broken: '✗', unknown: '?' } as const satisfies Record<SetupLine['state'], string>

export const check = serverCommand({
  name: 'check',
  summary:
    'checks what a surface needs before its first deploy: GitHub, the workflow file, health and version. Exits with 1 if something is broken',
  options: { json: { type: 'boolean', summary: 'prints the reports as JSON' } },
  operand: { name: 'surface', value: '[surface]' },
  input: z.object({ surface: z.string().optional(), json: z.boolean().default(false) }),
  run: async (context, { surface, json }) => {
    const { databaseUrl, print } = context
    const environment = await localEnvironment(withValues(process.env, { DATABASE_URL: databaseUrl }), projectDirectory)
    const { createDeps } = await import('~/server/deps')
    const { connectThroughProxies } = await import('~/server/platform/connect-through-proxies')
    const { checkSurface } = await import('~/server/surfaces/check/check-surface')
    const { listSurfaces } = await import('~/server/surfaces/surfaces')
    const config = readServerConfig(environment)
    await connectThroughProxies(config.proxies)
    const deps = createDeps({ ...config, logLevel: 'silent' })
    try {
      const ids = surface === undefined ? (await listSurfaces(deps.db)).map(({ id }) => id) : [surface]
      const reports: SetupReport[] = []
      if (!json) await noteSandbox(context)
      const file = json ? null : await compareFile(context, ids)
      if (file?.note != null) await print(`! ${file.note}\n`)
      // One after the other, so that no rate limit of GitHub is reached.
      for (const id of ids) {
        const report = await checkSurface(deps, id)
        reports.push(report)
        if (!json) await print(textOf(report, (key) => file?.placeOf(report.surface.id, key) ?? null))
      }
      if (json) await print(JSON.stringify(reports, null, 2))
      const failing = reports.filter(isBroken).length
      if (!json) await print(failing === 0 ? 'Nothing is broken.' : summaryOf(failing, reports.length))
      return failing === 0 ? 'done' : 'failed'
    } finally {
      await deps.github.usage.flush()
      await deps.db.$disconnect()
    }
  },
})

const isBroken = ({ lines }: SetupReport) => lines.some(({ state }) => state === 'broken')

const summaryOf = (failing: number, total: number) =>
  total === 1 ? 'The surface needs work.' : `${failing} of ${total} surfaces ${failing === 1 ? 'needs' : 'need'} work.`

/** @param placeOf where the file of the surfaces has a member: `surfaces.yaml:12` */
function textOf({ surface, lines }: SetupReport, placeOf: (key: string) => string | null): string {
  const texts = lines.map(({ about, state, found, fix, key }) => {
    const place = key === null ? null : placeOf(key)
    const advice = fix !== null && place !== null ? `${place}: ${fix.replace(' in surfaces.yaml', '')}` : fix
    return `  ${SIGNS[state]} ${about}: ${found}${advice === null ? '' : `\n      ${advice}`}`
  })
  return [`${surface.id} (${surface.environment})`, ...texts, ''].join('\n')
}

interface ComparedFile {
  /** Why the check is about something other than the file; null if it is about the file. */
  readonly note: string | null
  readonly placeOf: (surfaceId: string, key: string) => string | null
}

/** What is checked is what is stored. Somebody who has just changed the file is told that the file is not applied, or has errors. */
async function compareFile(context: CommandContext, ids: readonly string[]): Promise<ComparedFile> {
  const { applySurfaces } = await import('~/server/surfaces/declare/apply-surfaces')
  const { placeOfMember } = await import('~/server/surfaces/declare/read-surfaces-file')
  const name = context.config.surfacesFile
  const file = path.resolve(projectDirectory, name)
  const nowhere = (note: string | null): ComparedFile => ({ note, placeOf: () => null })
  // A server that runs with the stored surfaces may have no file.
  if (!existsSync(file)) return nowhere(null)
  try {
    const declared = await readDeclared(context)
    const { changes } = await applySurfaces(context.deps, declared, { actor: 'console', mayApply: () => false })
    const differing = changes.flatMap(({ id, kind }) => (kind === 'added' || ids.includes(id) ? [id] : []))
    if (differing.length > 0) {
      const apply = '"npm run console -- surfaces apply" applies it.'
      return nowhere(`${name} differs from what is stored and checked here: ${differing.join(', ')}. ${apply}`)
    }
    const text = readFileSync(file, 'utf8')
    return {
      note: null,
      placeOf: (id, key) => {
        const line = placeOfMember(text, id, key)
        return line === null ? null : `${name}:${line}`
      },
    }
  } catch (error) {
    return nowhere(error instanceof Error ? error.message : String(error))
  }
}
