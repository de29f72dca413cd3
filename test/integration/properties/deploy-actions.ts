import fc from 'fast-check'
import { CALLBACK_STATUSES, type CallbackStatus } from '~/domain/deploy/status'
import type { Conclusion } from '~test/support/model-github'

/** What happens to the dispatch at GitHub, and to the console while it asks. */
export const DISPATCHES = [
  'accepted',
  'accepted without a run id',
  'accepted, answered 502',
  'accepted, connection lost',
  'accepted, console crashed before it could record it',
  'console crashed before it asked',
  'answered 500',
  'refused',
] as const
export type Dispatch = (typeof DISPATCHES)[number]

/** What happens to a callback. After a crash its transaction was abandoned before its commit, and the callback is sent again. */
const DELIVERIES = ['arrives', 'is lost', 'arrives twice at once', 'meets a crash and is sent again'] as const
export type Delivery = (typeof DELIVERIES)[number]

export type Action =
  | { readonly kind: 'step'; readonly delivery: Delivery }
  | { readonly kind: 'conclude'; readonly conclusion: Conclusion; readonly delivery: Delivery }
  | { readonly kind: 'stray callback'; readonly status: CallbackStatus; readonly namesRun: boolean }
  | { readonly kind: 'replay'; readonly which: number }
  | { readonly kind: 'reconcile' }
  | { readonly kind: 'reconcile, crashed before its commit' }
  | { readonly kind: 'poll' }
  | { readonly kind: 'dispatch again' }
  | { readonly kind: 'dispatch under another key' }

const delivery = fc.constantFrom(...DELIVERIES)

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('step' as const), delivery }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('conclude' as const),
      conclusion: fc.constantFrom<Conclusion>('success', 'failure', 'cancelled', 'timed_out'),
      delivery,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('stray callback' as const),
      status: fc.constantFrom<CallbackStatus>(...CALLBACK_STATUSES),
      namesRun: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('replay' as const), which: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'reconcile' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reconcile, crashed before its commit' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'poll' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'dispatch again' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'dispatch under another key' as const }) },
)

/** One life of a deploy: how its dispatch went, and then rounds of simultaneous actions. */
export const life = fc.record({
  dispatch: fc.constantFrom(...DISPATCHES),
  rounds: fc.array(fc.array(action, { minLength: 1, maxLength: 3 }), { maxLength: 9 }),
})
export type Life = typeof life extends fc.Arbitrary<infer Value> ? Value : never
