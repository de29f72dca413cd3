import type { LoadResult } from '~test/bench/load'
import type { CallbackFigures } from '~test/bench/measure-callbacks'
import type { DispatchFigures } from '~test/bench/measure-dispatches'
import type { GridFigures } from '~test/bench/measure-grid'
import type { LogFigures } from '~test/bench/measure-log'
import type { PaintedFigures } from '~test/bench/measure-painted'
import type { Costs, PollFigures } from '~test/bench/measure-polls'
import type { ProberFigures } from '~test/bench/measure-prober'
import type { RestFigures } from '~test/bench/measure-rest'
import type { WebhookFigures } from '~test/bench/measure-webhooks'
import type { WindowFigures } from '~test/bench/measure-windows'

/** The figures of the parts that were measured. */
export interface Figures {
  readonly poll?: PollFigures
  readonly scale?: { readonly few: Costs; readonly many: Costs; readonly stored: number }
  /** With all that the deploys of a year leave, after retention. Bytes of the database, and of its largest tables with their indexes. */
  readonly year?: {
    readonly few: Costs
    readonly many: Costs
    readonly stored: number
    readonly bytes: number
    readonly empty: number
    readonly tables: ReadonlyMap<string, number>
  }
  readonly callback?: CallbackFigures
  readonly dispatch?: {
    readonly oneByOne: DispatchFigures
    readonly atOnce: DispatchFigures
    readonly statements: number
  }
  readonly webhooks?: WebhookFigures
  readonly windows?: readonly WindowFigures[]
  /** Also undefined if there is no browser. */
  readonly painted?: PaintedFigures | undefined
  readonly grid?: GridFigures | undefined
  readonly log?: LogFigures | undefined
  readonly rest?: RestFigures
  readonly prober?: ProberFigures
}

const round = (value: number, digits: number) => Number(value.toFixed(digits))

const speed = ({ rate, p50, p99 }: LoadResult) => ({
  rate: round(rate, 1),
  p50_ms: round(p50, 2),
  p99_ms: round(p99, 2),
})

/** The ratio of two rates. */
const share = (one: LoadResult, other: LoadResult) => round(one.rate / other.rate, 3)

const dispatchFigures = ({ product, gitHub, sql, bare }: DispatchFigures) => ({
  ...speed(product),
  added_p50_ms: round(product.p50 - gitHub.p50, 2),
  added_p99_ms: round(product.p99 - gitHub.p99, 2),
  of_sql: share(product, sql),
  of_bare_route: share(product, bare),
})

const KINDS = ['poll', 'wholePoll', 'oldPoll', 'grid', 'history'] as const satisfies readonly (keyof Costs)[]

const ratioOf = (kind: keyof Costs, { few, many }: { readonly few: Costs; readonly many: Costs }) =>
  round(many[kind].overBare / few[kind].overBare, 3)

export function asJson({
  poll,
  scale,
  year,
  callback,
  dispatch,
  webhooks,
  windows,
  painted,
  grid,
  log,
  rest,
  prober,
}: Figures) {
  return {
    ...(poll && {
      poll: {
        ...speed(poll.nothingNew),
        of_bare_route: share(poll.nothingNew, poll.bare),
        whole: {
          ...speed(poll.whole),
          of_sql: share(poll.whole, poll.wholeSql),
          of_bare_route: share(poll.whole, poll.bare),
        },
      },
    }),
    ...(scale && { scale: Object.fromEntries(KINDS.map((kind) => [kind, ratioOf(kind, scale)])) }),
    ...(year && {
      year: {
        ...Object.fromEntries(KINDS.map((kind) => [kind, ratioOf(kind, year)])),
        gigabytes: round(year.bytes / 1e9, 2),
        bytes_per_deploy: round((year.bytes - year.empty) / year.stored, 0),
      },
    }),
    ...(callback && {
      callback: {
        ...speed(callback.product),
        of_sql: share(callback.product, callback.sql),
        of_bare_route: share(callback.product, callback.bare),
      },
    }),
    ...(dispatch && {
      dispatch: { ...dispatchFigures(dispatch.oneByOne), four_at_once: dispatchFigures(dispatch.atOnce) },
    }),
    ...(webhooks && {
      webhooks: {
        burst: webhooks.burst,
        burst_requests: webhooks.requests,
        event_to_look_p50_ms: round(webhooks.p50, 0),
        event_to_look_p95_ms: round(webhooks.p95, 0),
      },
    }),
    ...(windows && {
      windows: windows.map((told) => ({
        windows: told.windows,
        cpu_ms_per_window_minute: round(told.cpuPerWindowMinute, 1),
        cores: round(told.cores, 2),
        memory_mb: round(told.memory, 0),
        told_p50_ms: round(told.p50, 1),
        told_p95_ms: round(told.p95, 1),
      })),
    }),
    ...(grid && {
      grid: {
        frame_p50_ms: round(grid.scroll.frame.p50, 1),
        frame_p95_ms: round(grid.scroll.frame.p95, 1),
        frame_work_ms: round(grid.scroll.work, 1),
        boxes_frame_p50_ms: round(grid.floor.frame.p50, 1),
        boxes_frame_p95_ms: round(grid.floor.frame.p95, 1),
        boxes_frame_work_ms: round(grid.floor.work, 1),
        key_p50_ms: round(grid.keys.p50, 1),
        key_p95_ms: round(grid.keys.p95, 1),
      },
    }),
    ...(log && {
      log: {
        opens_p50_ms: round(log.opens.p50, 0),
        opens_p95_ms: round(log.opens.p95, 0),
        first_line_p50_ms: round(log.first.p50, 0),
        first_line_p95_ms: round(log.first.p95, 0),
      },
    }),
    ...(painted && {
      painted: {
        dialog_p50_ms: round(painted.dialog.p50, 0),
        dialog_p95_ms: round(painted.dialog.p95, 0),
        tile_p50_ms: round(painted.tile.p50, 0),
        tile_p95_ms: round(painted.tile.p95, 0),
        never_painted: painted.never,
      },
    }),
    ...(rest && {
      github: {
        rest_200_webhooks_per_hour: rest.webhooksPerHour,
        rest_200_polling_per_hour: rest.pollingPerHour,
        rest_200_polling_unchanged: round(rest.pollingUnchanged, 3),
      },
    }),
    ...(prober && {
      prober: {
        healthy_oldest_s: round(prober.healthyOldestS, 1),
        deploying_oldest_s: round(prober.deployingOldestS, 1),
        asked_twice: prober.askedTwice,
        hanging_asked: prober.hangingAsked,
      },
    }),
  }
}

const NAME = 40
const percent = (one: LoadResult, other: LoadResult) => `${(share(one, other) * 100).toFixed(0)} %`

const line = (name: string, { rate, p50, p99 }: LoadResult, note = '') =>
  `${name.padEnd(NAME)}${rate.toFixed(0).padStart(7)}${p50.toFixed(2).padStart(9)}${p99.toFixed(2).padStart(9)}  ${note}`

export function asTable(figures: Figures): string {
  const { poll, scale, year, callback, dispatch } = figures
  const rates = [
    ...(callback ? callbackLines(callback) : []),
    ...(poll ? pollLines(poll) : []),
    ...(dispatch
      ? [
          ...dispatchLines('one at a time', dispatch.oneByOne, dispatch.statements),
          ...dispatchLines('four at once', dispatch.atOnce, dispatch.statements),
        ]
      : []),
  ]
  return [
    ...(rates.length > 0
      ? [`${''.padEnd(NAME)}${'per s'.padStart(7)}${'p50 ms'.padStart(9)}${'p99 ms'.padStart(9)}`]
      : []),
    ...rates,
    ...sentencesOf(figures),
    ...(scale ? scaleLines('1000', scale) : []),
    ...(year ? [...scaleLines('young', year), ...sizeLines(year)] : []),
  ].join('\n')
}

const callbackLines = ({ product, sql, prepared, bare, statements }: CallbackFigures) => [
  line('callback', product, `${percent(product, sql)} of its SQL (goal 35 %)`),
  line(`  its SQL over pg (${statements} statements)`, sql),
  line('  the same, prepared', prepared),
  line('  bare route', bare, `a callback is ${percent(product, bare)} of it`),
]

const pollLines = ({ nothingNew, whole, wholeSql, bare }: PollFigures) => [
  line('poll, nothing new', nothingNew, `${percent(nothingNew, bare)} of the bare route`),
  line('poll, the whole answer', whole, `${percent(whole, bare)} of the bare route`),
  line('  its SQL over pg', wholeSql, `a poll is ${percent(whole, wholeSql)} of it`),
  line('  bare route', bare),
]

const dispatchLines = (name: string, { product, gitHub, sql, bare }: DispatchFigures, statements: number) => [
  line(
    `dispatch, ${name}`,
    product,
    `adds ${(product.p50 - gitHub.p50).toFixed(1)} ms at p50 (goal: one at a time, 20)`,
  ),
  line('  GitHub alone', gitHub),
  line(`  its SQL over pg (${statements} statements)`, sql),
  line('  bare route', bare),
]

function sentencesOf(figures: Figures): string[] {
  const { webhooks, windows = [], painted, grid, log, github, prober } = asJson(figures)
  return [
    ...(webhooks
      ? [
          `webhooks: a burst of ${webhooks.burst} about one run is ${webhooks.burst_requests} requests; the look begins after ${webhooks.event_to_look_p50_ms} ms (p95 ${webhooks.event_to_look_p95_ms})`,
        ]
      : []),
    ...windows.map(
      (told) =>
        `${told.windows} windows, ${told.cores} cores, ${told.memory_mb} MB: ${told.cpu_ms_per_window_minute} ms of a core for each in a minute; told after ${told.told_p50_ms} ms (p95 ${told.told_p95_ms})`,
    ),
    ...(grid
      ? [
          `grid of 500 on a processor four times slower: frames while scrolling ${grid.frame_p50_ms} ms (p95 ${grid.frame_p95_ms}, goal 20) with ${grid.frame_work_ms} ms of the main thread, over plain boxes ${grid.boxes_frame_p50_ms} ms (p95 ${grid.boxes_frame_p95_ms}) with ${grid.boxes_frame_work_ms}; keys shown after ${grid.key_p50_ms} ms (p95 ${grid.key_p95_ms}, goal 100)`,
        ]
      : []),
    ...(log
      ? [
          `a log of 20,000 lines opens after ${log.opens_p50_ms} ms (p95 ${log.opens_p95_ms}, goal 200), its first line is shown after ${log.first_line_p50_ms} ms (p95 ${log.first_line_p95_ms})`,
        ]
      : []),
    ...(painted
      ? [
          `painted in the dialog after ${painted.dialog_p50_ms} ms (p95 ${painted.dialog_p95_ms}, goal 150), on the tile after ${painted.tile_p50_ms} ms (p95 ${painted.tile_p95_ms}); never: ${painted.never_painted}`,
        ]
      : []),
    ...(github
      ? [
          `GitHub at rest, 200 surfaces: ${github.rest_200_polling_per_hour} requests an hour without webhooks (goal 1,500), ${github.rest_200_webhooks_per_hour} with (300)`,
        ]
      : []),
    ...(prober
      ? [
          `what is known of a surface: ${prober.healthy_oldest_s} s old at most (goal 35), of one with a deploy ${prober.deploying_oldest_s} s (4); asked twice: ${prober.asked_twice}; requests to hanging ones: ${prober.hanging_asked}`,
        ]
      : []),
  ]
}

const NAMES: Readonly<Record<keyof Costs, string>> = {
  poll: 'poll, nothing new',
  wholePoll: 'poll, the whole answer',
  oldPoll: 'poll of an old deploy',
  grid: 'grid',
  history: 'history',
}

const scaleLines = (few: string, scale: NonNullable<Figures['scale']>) => [
  '',
  'One request at a time: ms at best, and the ratio of what each costs over the bare route at that time (goal 1.20).',
  `${'stored deploys'.padEnd(NAME)}${few.padStart(7)}${`${scale.stored}`.padStart(9)}${'ratio'.padStart(9)}`,
  ...KINDS.map(
    (kind) =>
      `${NAMES[kind].padEnd(NAME)}${scale.few[kind].ms.toFixed(2).padStart(7)}${scale.many[kind].ms.toFixed(2).padStart(9)}${ratioOf(kind, scale).toFixed(2).padStart(9)}`,
  ),
]

const sizeLines = ({ bytes, empty, stored, tables }: NonNullable<Figures['year']>) => [
  '',
  `The database takes ${(bytes / 1e9).toFixed(2)} GB: ${((bytes - empty) / stored / 1_000).toFixed(1)} kB for each of ${stored} deploys.`,
  ...[...tables].map(([name, size]) => `${name.padEnd(NAME)}${(size / 1e6).toFixed(0).padStart(7)} MB`),
]
