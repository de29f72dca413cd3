import type { LoadResult } from '~test/bench/load'
import type { CallbackFigures } from '~test/bench/measure-callbacks'
import type { Costs } from '~test/bench/measure-polls'

export interface Figures {
  readonly callback: CallbackFigures
  readonly poll: { readonly product: LoadResult; readonly bare: LoadResult }
  readonly dispatch: { readonly product: LoadResult; readonly gitHub: LoadResult }
  readonly few: Costs
  readonly many: Costs
}

const round = (value: number, digits: number) => Number(value.toFixed(digits))

export function asJson({ callback, poll, dispatch, few, many }: Figures) {
  const speed = ({ rate, p50, p99 }: LoadResult) => ({
    rate: round(rate, 1),
    p50_ms: round(p50, 2),
    p99_ms: round(p99, 2),
  })
  return {
    callback: { ...speed(callback.product), of_sql: round(callback.product.rate / callback.sql.rate, 3) },
    poll: { ...speed(poll.product), of_bare_route: round(poll.product.rate / poll.bare.rate, 3) },
    dispatch: {
      added_p50_ms: round(dispatch.product.p50 - dispatch.gitHub.p50, 2),
      added_p99_ms: round(dispatch.product.p99 - dispatch.gitHub.p99, 2),
    },
    scale: {
      poll: round(many.poll / few.poll, 3),
      grid: round(many.grid / few.grid, 3),
      history: round(many.history / few.history, 3),
    },
  }
}

export function asTable(figures: Figures, stored: { readonly few: number; readonly many: number }): string {
  const { callback, poll, dispatch, few, many } = figures
  const json = asJson(figures)
  const line = (name: string, { rate, p50, p99 }: LoadResult, note = '') =>
    `${name.padEnd(34)}${rate.toFixed(0).padStart(9)}${p50.toFixed(2).padStart(10)}${p99.toFixed(2).padStart(10)}  ${note}`
  const cost = (name: keyof Costs) =>
    `${name.padEnd(34)}${few[name].toFixed(2).padStart(9)}${many[name].toFixed(2).padStart(10)}${json.scale[name].toFixed(2).padStart(10)}  target 0.80–1.20`
  return [
    `${''.padEnd(34)}${'per s'.padStart(9)}${'p50 ms'.padStart(10)}${'p99 ms'.padStart(10)}`,
    line('callback', callback.product, `${percent(json.callback.of_sql)} of the bare SQL (target 50 %)`),
    line(`  its SQL over pg (${callback.statements} statements)`, callback.sql),
    line('  the same, prepared', callback.prepared),
    line('poll', poll.product, `${percent(json.poll.of_bare_route)} of the bare route (target 60 %)`),
    line('  bare route (/api/health)', poll.bare),
    line('dispatch', dispatch.product, `adds ${json.dispatch.added_p50_ms} ms at p50 (target < 15 ms)`),
    line('  GitHub alone', dispatch.gitHub),
    '',
    `${'ms a request, one at a time'.padEnd(34)}${`${stored.few}`.padStart(9)}${`${stored.many}`.padStart(10)}${'ratio'.padStart(10)}`,
    cost('poll'),
    cost('grid'),
    cost('history'),
  ].join('\n')
}

const percent = (share: number) => `${(share * 100).toFixed(0)} %`
