import { z } from 'zod'
import { visible } from '~/domain/foreign-text'
import { recurrenceWords } from '~/domain/freeze/recurrence'
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
import { surfacePath, whatIsQueued } from './following.ts'
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
  queue,
}: SurfaceAnswer) => [
  ...(health.detail === null ? [] : [visible(health.detail)]),
  ...(alarm === null ? [] : [`! ${alarm}`]),
  ...(held === null ? [] : [heldNote(held)]),
  ...freezes.map(({ kind, reason, until }) => `${visible(kind)}${untilWords(kind, until)}: ${visible(reason)}`),
  ...(variable === null ? [] : [`frozen by DEPLOY_FREEZE: ${visible(variable)}`]),
  ...(waiting === null ? [] : [`waits for approval: ${waiting}`]),
  ...(queue.stop === null ? [] : [`! queue stopped: ${queue.stop.why}`]),
  ...(queue.wait === null ? [] : [visible(queue.wait)]),
  ...queue.waiting.map(
    ({ position, requested_by: by, ...what }) => `queued ${position}: ${whatIsQueued(what)} by ${visible(by)}`,
  ),
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

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A duration such as `90m`; null for other texts. */
function lengthMs(text: string): number | null {
  const [, count, unit = ''] = /^([1-9]\d{0,5})([mhd])$/.exec(text) ?? []
  return count === undefined ? null : Number(count) * (UNITS[unit] ?? 0)
}

/** The end as an ISO time: after a duration from `now`, or the time itself, which names its offset. Null for other texts. */
export function parseEnd(text: string, now: number): string | null {
  const length = lengthMs(text)
  if (length !== null) return new Date(now + length).toISOString()
  return z.iso.datetime({ offset: true }).safeParse(text).success ? text : null
}

const surfaceOperand = { name: 'surface', value: '<surface>' } as const
const reason = z.string('required').min(1, 'say why')
const REASON = { type: 'string', value: '<text>', summary: 'why, which everybody is shown' } as const

const END_FORMS = 'such as 90m, 2h, 3d or 2026-12-24T18:00:00+01:00'
const UNTIL = { type: 'string', value: '<end>', summary: `${END_FORMS}. Default: until it is lifted` } as const
const until = z
  .string()
  .transform((text, context) => {
    const end = parseEnd(text, Date.now())
    if (end !== null) return end
    context.addIssue({ code: 'custom', message: `expected ${END_FORMS}` })
    return z.NEVER
  })
  .optional()

export const lock = operatorCommand({
  name: 'lock',
  summary: 'locks a surface, so that nothing is deployed to it until it is unlocked',
  options: {
    reason: REASON,
    until: UNTIL,
    notice: { type: 'boolean', summary: 'a notice instead, which warns and refuses nothing' },
  },
  operand: surfaceOperand,
  input: z.object({ surface: z.string('required'), reason, until, notice: z.boolean().default(false) }),
  run: async (context, { surface, reason: why, until: end, notice }) => {
    const body = {
      reason: why,
      ...(end === undefined ? {} : { ends_at: end }),
      ...(notice ? { kind: 'notice' as const } : {}),
    }
    const locked = await withFreshProof(context, () =>
      context.api.call('POST', surfacePath(surface, '/lock'), freezeAnswer, { body }),
    )
    if (context.json) await printJson(context, locked)
    else
      await context.print(
        notice
          ? `${visible(surface)} has a notice until ${locked.ends_at ?? 'it is lifted'}. Lift it with: lift ${locked.id}`
          : `${visible(surface)} is locked until ${locked.ends_at ?? 'it is unlocked'}.`,
      )
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

const RECURS = ['rrule', 'zone', 'start', 'for'] as const

export const freeze = operatorCommand({
  name: 'freeze',
  summary: 'freezes an environment from now on, or by a rule that recurs',
  options: {
    reason: REASON,
    until: UNTIL,
    rrule: { type: 'string', value: '<rule>', summary: 'a rule of RFC 5545, such as "FREQ=WEEKLY;BYDAY=FR"' },
    zone: { type: 'string', value: '<zone>', summary: 'whose clock --rrule and --start mean, such as Europe/Berlin' },
    start: { type: 'string', value: '<time>', summary: 'the first start by that clock, such as 2026-12-04T16:00' },
    for: { type: 'string', value: '<length>', summary: 'of each occurrence, such as 90m, 8h or 3d' },
  },
  operand: { name: 'environment', value: '<environment>' },
  input: z
    .object({
      environment: z.string('required'),
      reason,
      until,
      rrule: z.string().optional(),
      zone: z.string().optional(),
      start: z.string().optional(),
      for: z
        .string()
        .refine((text) => lengthMs(text) !== null, 'expected such as 90m, 8h or 3d')
        .optional(),
    })
    .superRefine((given, context) => {
      const named = RECURS.filter((name) => given[name] !== undefined)
      if (named.length === 0 || named.length === RECURS.length) return
      const missing = RECURS.find((name) => given[name] === undefined) ?? 'rrule'
      context.addIssue({ code: 'custom', path: [missing], message: 'required with the other parts of a rule' })
    }),
  run: async (context, { environment, reason: why, until: end, ...rule }) => {
    const body = { environment, reason: why, ...(end === undefined ? {} : { ends_at: end }), ...recurrenceBody(rule) }
    const opened = await withFreshProof(context, () =>
      context.api.call('POST', '/api/internal/freeze-windows', freezeAnswer, { body }),
    )
    const when = opened.recurrence === null ? '' : ` ${recurrenceOf(opened.recurrence)},`
    if (context.json) await printJson(context, opened)
    else
      await context.print(
        `${visible(environment)} is frozen${visible(when)} until ${opened.ends_at ?? 'it is lifted'}. Lift it with: lift ${opened.id}`,
      )
    return EXIT.succeeded
  },
})

/** The console checks the rule, the zone and the start. */
function recurrenceBody(given: { readonly [Part in (typeof RECURS)[number]]?: string | undefined }) {
  const { rrule, zone, start, for: length } = given
  if (rrule === undefined || zone === undefined || start === undefined || length === undefined) return {}
  const duration_minutes = (lengthMs(length) ?? 0) / 60_000
  return { recurrence: { rule: rrule, time_zone: zone, local_start: start, duration_minutes } }
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
