import type { LoadResult } from '~test/bench/load'
import type { CallbackFigures } from '~test/bench/measure-callbacks'
import type { DispatchFigures } from '~test/bench/measure-dispatches'
import type { PaintedFigures } from '~test/bench/measure-painted'
import type { Costs, PollFigures } from '~test/bench/measure-polls'
import type { ProberFigures } from '~test/bench/measure-prober'
import type { RestFigures } from '~test/bench/measure-rest'
import type { WebhookFigures } from '~test/bench/measure-webhooks'
import type { WindowFigures } from '~test/bench/measure-windows'

export interface Figures {
  readonly callback: CallbackFigures
  readonly poll: PollFigures
  readonly dispatch: {
    readonly oneByOne: DispatchFigures
    readonly atOnce: DispatchFigures
    readonly statements: number
  }
  readonly webhooks: WebhookFigures
  readonly windows: readonly WindowFigures[]
  readonly painted: PaintedFigures | undefined
  readonly rest: RestFigures
  readonly few: Costs
  readonly many: Costs
}

const round = (value: number, digits: number) => Number(value.toFixed(digits))

const speed = ({ rate, p50, p99 }: LoadResult) => ({
  rate: round(rate, 1),
  p50_ms: round(p50, 2),
  p99_ms: round(p99, 2),
})

/** Of the requests per second that another could do. */
const share = (one: LoadResult, other: LoadResult) => round(one.rate / other.rate, 3)

const dispatchFigures = ({ product, gitHub, sql, bare }: DispatchFigures) => ({
  ...speed(product),
  added_p50_ms: round(product.p50 - gitHub.p50, 2),
  added_p99_ms: round(product.p99 - gitHub.p99, 2),
  of_sql: share(product, sql),
  of_bare_route: share(product, bare),
})

export const writesAsJson = ({ callback, dispatch }: Pick<Figures, 'callback' | 'dispatch'>) => ({
  callback: {
    ...speed(callback.product),
    of_sql: share(callback.product, callback.sql),
    of_bare_route: share(callback.product, callback.bare),
  },
  dispatch: { ...dispatchFigures(dispatch.oneByOne), four_at_once: dispatchFigures(dispatch.atOnce) },
})

export function asJson({ callback, poll, dispatch, webhooks, windows, painted, rest, few, many }: Figures) {
  const scale = (name: keyof Costs) => round(many[name].overBare / few[name].overBare, 3)
  return {
    ...writesAsJson({ callback, dispatch }),
    poll: {
      ...speed(poll.nothingNew),
      of_bare_route: share(poll.nothingNew, poll.bare),
      whole: {
        ...speed(poll.whole),
        of_sql: share(poll.whole, poll.wholeSql),
        of_bare_route: share(poll.whole, poll.bare),
      },
    },
    webhooks: {
      burst: webhooks.burst,
      burst_requests: webhooks.requests,
      event_to_look_p50_ms: round(webhooks.p50, 0),
      event_to_look_p95_ms: round(webhooks.p95, 0),
    },
    windows: windows.map((told) => ({
      windows: told.windows,
      cpu_ms_per_window_minute: round(told.cpuPerWindowMinute, 1),
      cores: round(told.cores, 2),
      memory_mb: round(told.memory, 0),
      told_p50_ms: round(told.p50, 1),
      told_p95_ms: round(told.p95, 1),
    })),
    // Not where there is no browser.
    ...(painted !== undefined && {
      painted: {
        dialog_p50_ms: round(painted.dialog.p50, 0),
        dialog_p95_ms: round(painted.dialog.p95, 0),
        tile_p50_ms: round(painted.tile.p50, 0),
        tile_p95_ms: round(painted.tile.p95, 0),
        never_painted: painted.never,
      },
    }),
    github: {
      rest_200_webhooks_per_hour: rest.webhooksPerHour,
      rest_200_polling_per_hour: rest.pollingPerHour,
      rest_200_polling_unchanged: round(rest.pollingUnchanged, 3),
    },
    scale: {
      poll: scale('poll'),
      whole_poll: scale('wholePoll'),
      old_poll: scale('oldPoll'),
      grid: scale('grid'),
      history: scale('history'),
    },
  }
}

const NAME = 40

export function asTable(figures: Figures, stored: { readonly few: number; readonly many: number }): string {
  const { callback, poll, dispatch, few, many } = figures
  const json = asJson(figures)
  const line = (name: string, { rate, p50, p99 }: LoadResult, note = '') =>
    `${name.padEnd(NAME)}${rate.toFixed(0).padStart(7)}${p50.toFixed(2).padStart(9)}${p99.toFixed(2).padStart(9)}  ${note}`
  const cost = (name: string, key: keyof Costs, ratio: number, note = '') =>
    `${name.padEnd(NAME)}${few[key].ms.toFixed(2).padStart(7)}${many[key].ms.toFixed(2).padStart(9)}${ratio.toFixed(2).padStart(9)}  ${note}`
  const dispatches = (name: string, { product, gitHub, sql, bare }: DispatchFigures, note: string) => [
    line(`dispatch, ${name}`, product, note),
    line('  GitHub alone', gitHub),
    line(`  its SQL over pg (${dispatch.statements} statements)`, sql),
    line('  bare route', bare),
  ]
  const { four_at_once: atOnce, ...oneByOne } = json.dispatch
  return [
    `${''.padEnd(NAME)}${'per s'.padStart(7)}${'p50 ms'.padStart(9)}${'p99 ms'.padStart(9)}`,
    line('callback', callback.product, `${percent(json.callback.of_sql)} of its SQL (target 35 %)`),
    line(`  its SQL over pg (${callback.statements} statements)`, callback.sql),
    line('  the same, prepared', callback.prepared),
    line('  bare route', callback.bare, `a callback is ${percent(json.callback.of_bare_route)} of it`),
    line('poll, nothing new', poll.nothingNew, `${percent(json.poll.of_bare_route)} of the bare route`),
    line('poll, the whole answer', poll.whole, `${percent(json.poll.whole.of_bare_route)} of the bare route`),
    line('  its SQL over pg', poll.wholeSql, `a poll is ${percent(json.poll.whole.of_sql)} of it`),
    line('  bare route', poll.bare),
    ...dispatches('one at a time', dispatch.oneByOne, `adds ${oneByOne.added_p50_ms} ms at p50 (target < 20 ms)`),
    ...dispatches('four at once', dispatch.atOnce, `adds ${atOnce.added_p50_ms} ms at p50`),
    `webhooks: a burst of ${figures.webhooks.burst} about one run is ${figures.webhooks.requests} requests; the look begins after ${json.webhooks.event_to_look_p50_ms} ms (p95 ${json.webhooks.event_to_look_p95_ms})`,
    ...json.windows.map(
      (told) =>
        `${told.windows} windows, ${told.cores} cores, ${told.memory_mb} MB: ${told.cpu_ms_per_window_minute} ms of a core for each in a minute; told after ${told.told_p50_ms} ms (p95 ${told.told_p95_ms})`,
    ),
    json.painted === undefined
      ? 'painted: not measured, for no Chrome or Chromium was found'
      : `painted in the dialog after ${json.painted.dialog_p50_ms} ms (p95 ${json.painted.dialog_p95_ms}, target 150), on the tile after ${json.painted.tile_p50_ms} ms (p95 ${json.painted.tile_p95_ms}); never: ${json.painted.never_painted}`,
    `GitHub at rest, 200 surfaces: ${json.github.rest_200_polling_per_hour} requests an hour without webhooks (target 1,500), ${json.github.rest_200_webhooks_per_hour} with (300)`,
    '',
    'One request at a time: ms at best, and the ratio of what each costs over the bare route at that time.',
    `${'stored deploys'.padEnd(NAME)}${`${stored.few}`.padStart(7)}${`${stored.many}`.padStart(9)}${'ratio'.padStart(9)}`,
    cost('poll, nothing new', 'poll', json.scale.poll, 'target 0.80–1.20'),
    cost('poll, the whole answer', 'wholePoll', json.scale.whole_poll, 'target 0.80–1.20'),
    cost('poll of an old deploy', 'oldPoll', json.scale.old_poll),
    cost('grid', 'grid', json.scale.grid, 'target 0.80–1.20'),
    cost('history', 'history', json.scale.history),
  ].join('\n')
}

const percent = (of: number) => `${(of * 100).toFixed(0)} %`

export const proberAsJson = ({ healthyOldestS, deployingOldestS, askedTwice, hangingAsked }: ProberFigures) => ({
  prober: {
    healthy_oldest_s: round(healthyOldestS, 1),
    deploying_oldest_s: round(deployingOldestS, 1),
    asked_twice: askedTwice,
    hanging_asked: hangingAsked,
  },
})

export const proberAsTable = ({ healthyOldestS, deployingOldestS, askedTwice, hangingAsked }: ProberFigures): string =>
  [
    `healthy surface, oldest      ${healthyOldestS.toFixed(1)} s (target 35)`,
    `deploying surface, oldest    ${deployingOldestS.toFixed(1)} s (target 4)`,
    `asked twice                  ${askedTwice} (target 0)`,
    `requests to hanging ones     ${hangingAsked}`,
  ].join('\n')
