import { setTimeout as delay } from 'node:timers/promises'
import type { Fault, Faults } from '~/sandbox/faults/faults'
import { type Answer, json } from '~/sandbox/http/answer'

const sentences: Readonly<Record<number, string>> = {
  403: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  429: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  502: 'Server Error',
  503: 'Service unavailable',
}

const faultAnswer = ({ status }: Fault): Answer => {
  const limited = status === 429 || status === 403
  const message = sentences[status] ?? 'Server Error'
  return json(
    status,
    { message, documentation_url: 'https://docs.github.com/rest', status: String(status) },
    {
      ...(limited ? { 'retry-after': '1' } : {}),
    },
  )
}

/** Answers like the endpoint, or as a fault asks: `undefined` means the connection is to be dropped without an answer. */
export const disturbed = async (
  faults: Faults,
  endpoint: string | undefined,
  answer: () => Promise<Answer>,
): Promise<Answer | undefined> => {
  const fault = endpoint === undefined ? undefined : faults.take(endpoint)
  if (!fault) return answer()
  if (fault.kind === 'delay') {
    const answered = fault.after ? await answer() : undefined
    await delay(fault.delayMs, undefined, { ref: false })
    return answered ?? answer()
  }
  if (fault.after) await answer()
  return fault.kind === 'drop' ? undefined : faultAnswer(fault)
}
