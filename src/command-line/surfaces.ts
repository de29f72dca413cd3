import { z } from 'zod'
import { visible } from '~/domain/foreign-text'
import { recurrenceWords } from '~/domain/recurrence'
import { shortSha } from '~/domain/ref'
import {
  anyAnswer,
  type FreezeAnswer,
  freezeAnswer,
  freezesAnswer,
  type SurfaceAnswer,
  surfaceAnswer,
  surfacesAnswer,
} from './answers.ts'
import { EXIT } from './exit-codes.ts'
import { surfacePath } from './following.ts'
import { type OperatorContext, operatorCommand, printJson } from './operator-command.ts'
import { withFreshProof } from './proving.ts'

export const status = operatorCommand({
  name: 'status',
  summary: 'prints what every surface runs, or one surface: health, version, newest deploy, freezes',
  operand: { name: 'surface', value: '[surface]' },
  input: z.object({ surface: z.string().optional() }),
  run: async (context, { surface }) => {
    if (surface !== undefined) {
      const one = await context.api.call('GET', surfacePath(surface), surfaceAnswer)
      if (context.json) await printJson(context, one)
      else await printSurfaces(context, [one])
      return EXIT.succeeded
    }
    const all = await context.api.call('GET', '/api/internal/surfaces', surfacesAnswer)
    if (context.json) await printJson(context, all)
    else await printSurfaces(context, all.surfaces)
    return EXIT.succeeded
  },
})

/** A table, and below each surface what keeps it from being deployed. */
async function printSurfaces({ print }: OperatorContext, surfaces: readonly SurfaceAnswer[]): Promise<void> {
  const rows = surfaces.map((surface) => {
    const { version, health, last_deploy: last } = surface
    const runs = version === null ? 'unknown' : (version.tag ?? shortSha(version.sha))
    const behind = version?.behind_by == null || version.behind_by === 0 ? '' : ` (${version.behind_by} behind)`
    const cells = [surface.id, surface.environment, health.state, `${runs}${behind}`, last?.headline ?? 'no deploy']
    return { surface, cells: cells.map(visible) }
  })
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map(({ cells }) => cells[column]?.length ?? 0)))
  for (const { surface, cells } of rows) {
    await print(cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    for (const note of notesOf(surface)) await print(`    ${note}`)
  }
}

const notesOf = ({
  freezes,
  deploy_freeze: variable,
  waiting_approval_id: waiting,
  alarm,
  health,
  held,
}: SurfaceAnswer) => [
  ...(health.detail === null ? [] : [visible(health.detail)]),
  ...(alarm === null ? [] : [`! ${alarm}`]),
  ...(held === null ? [] : [heldNote(held)]),
  ...freezes.map(({ kind, reason, until }) => `${visible(kind)}${untilWords(kind, until)}: ${visible(reason)}`),
  ...(variable === null ? [] : [`frozen by DEPLOY_FREEZE: ${visible(variable)}`]),
  ...(waiting === null ? [] : [`waits for approval: ${waiting}`]),
]

/** Only a lock without an end is known to last until it is lifted: a window may recur. */
const untilWords = (kind: string, until: string | null): string => {
  if (until !== null) return ` until ${until}`
  return kind === 'locked' ? ' until it is lifted' : ''
}

const heldNote = ({ deploy_id: id, run_id: run }: NonNullable<SurfaceAnswer['held']>) =>
  run === null
    ? `! held by deploy ${id}: no run was seen, and one may still start`
    : `! held by deploy ${id}: run ${run} is not proven to be over`

const surfaceOperand = { name: 'surface', value: '<surface>' } as const
const reason = z.string('required').min(1, 'say why')
const REASON = { type: 'string', value: '<text>', summary: 'why, which everybody is shown' } as const

export const lock = operatorCommand({
  name: 'lock',
  summary: 'locks a surface, so that nothing is deployed to it until it is unlocked',
  options: { reason: REASON },
  operand: surfaceOperand,
  input: z.object({ surface: z.string('required'), reason }),
  run: async (context, { surface, reason: why }) => {
    const path = surfacePath(surface, '/lock')
    const locked = await withFreshProof(context, () =>
      context.api.call('POST', path, freezeAnswer, { body: { reason: why } }),
    )
    if (context.json) await printJson(context, locked)
    else await context.print(`${visible(surface)} is locked.`)
    return EXIT.succeeded
  },
})

export const unlock = operatorCommand({
  name: 'unlock',
  summary: 'unlocks a surface',
  operand: surfaceOperand,
  input: z.object({ surface: z.string('required') }),
  run: async (context, { surface }) => {
    const path = surfacePath(surface, '/lock')
    const unlocked = await withFreshProof(context, () => context.api.call('DELETE', path, anyAnswer))
    if (context.json) await printJson(context, unlocked)
    else await context.print(`${visible(surface)} is unlocked.`)
    return EXIT.succeeded
  },
})

export const freeze = operatorCommand({
  name: 'freeze',
  summary: 'freezes an environment from now on',
  options: {
    reason: REASON,
    until: {
      type: 'string',
      value: '<end>',
      summary: 'such as 90m, 2h, 3d or 2026-12-24T18:00:00+01:00. Default: until it is lifted',
    },
  },
  operand: { name: 'environment', value: '<environment>' },
  input: z.object({
    environment: z.string('required'),
    reason,
    until: z
      .string()
      .transform((text, context) => {
        const end = parseEnd(text, Date.now())
        if (end !== null) return end
        context.addIssue({ code: 'custom', message: 'expected such as 90m, 2h, 3d or 2026-12-24T18:00:00+01:00' })
        return z.NEVER
      })
      .optional(),
  }),
  run: async (context, { environment, reason: why, until }) => {
    const body = { environment, reason: why, ...(until === undefined ? {} : { ends_at: until }) }
    const opened = await withFreshProof(context, () =>
      context.api.call('POST', '/api/internal/freeze-windows', freezeAnswer, { body }),
    )
    if (context.json) await printJson(context, opened)
    else
      await context.print(
        `${visible(environment)} is frozen until ${opened.ends_at ?? 'it is lifted'}. Lift it with: lift ${opened.id}`,
      )
    return EXIT.succeeded
  },
})

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** The end as an ISO time: after a duration from `now`, or the time itself, which names its offset. Null for other texts. */
export function parseEnd(text: string, now: number): string | null {
  const [, count, unit = ''] = /^([1-9]\d{0,5})([mhd])$/.exec(text) ?? []
  if (count !== undefined) return new Date(now + Number(count) * (UNITS[unit] ?? 0)).toISOString()
  return z.iso.datetime({ offset: true }).safeParse(text).success ? text : null
}

const recurrenceOf = ({ rule, time_zone, local_start, duration_minutes }: NonNullable<FreezeAnswer['recurrence']>) =>
  recurrenceWords({ rule, timeZone: time_zone, localStart: local_start, durationMinutes: duration_minutes })

export const freezes = operatorCommand({
  name: 'freezes',
  summary: 'prints the freeze windows and locks that are in force or scheduled',
  input: z.object({}),
  run: async (context) => {
    const found = await context.api.call('GET', '/api/internal/freeze-windows', freezesAnswer)
    if (context.json) await printJson(context, found)
    for (const one of context.json ? [] : found.freezes) {
      const what = one.surface === null ? (one.environment ?? '') : one.surface.id
      const cells = [
        ...[one.id, one.kind, what, one.state.replaceAll('_', ' '), `until ${one.ends_at ?? 'it is lifted'}`],
        ...(one.recurrence === null ? [] : [recurrenceOf(one.recurrence)]),
      ]
      await context.print(`${cells.map(visible).join('  ')}  by ${visible(one.created_by)}: ${visible(one.reason)}`)
    }
    return EXIT.succeeded
  },
})

export const lift = operatorCommand({
  name: 'lift',
  summary: 'ends a freeze early, or cancels a scheduled one',
  operand: { name: 'freeze', value: '<freeze>' },
  input: z.object({ freeze: z.uuid('the id of a freeze is required, from "freezes"') }),
  run: async (context, { freeze: id }) => {
    const path = `/api/internal/freeze-windows/${id}/lift`
    const lifted = await withFreshProof(context, () => context.api.call('POST', path, anyAnswer))
    if (context.json) await printJson(context, lifted)
    else await context.print('The freeze is lifted.')
    return EXIT.succeeded
  },
})
