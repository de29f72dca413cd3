'use client'

import { consoleNow, consoleTime } from '~/ui/time/clock'
import { asOf } from '~/ui/time/relative-time'

/** As of when a review is what it is; `at` by the local clock. What is decided later rests on that moment. */
export function SaidAt({ at }: { readonly at: number }) {
  return <>As GitHub and the surface said at {asOf(consoleTime(at), consoleNow())}.</>
}
