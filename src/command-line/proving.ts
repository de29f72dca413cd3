import { z } from 'zod'
import { Refused } from './api.ts'
import { EXIT, Stop } from './exit-codes.ts'
import type { Machine, OperatorContext } from './operator-command.ts'

const deviceCode = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.string(),
  expires_in: z.number(),
  interval: z.number(),
})

/** Asks the person to approve in a browser, and waits until they have (RFC 8628). Returns what the console then answers. */
export async function approvedInBrowser<Schema extends z.ZodType>(
  context: Pick<OperatorContext, 'api' | 'name' | 'pause'> & Pick<Machine, 'note'>,
  what: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  const { api, note, pause } = context
  const begun = await api.call('POST', '/api/device/code', deviceCode, { body: { machine: context.name } })
  note(`${what} Open ${begun.verification_uri} in a browser, and type this code there: ${begun.user_code}`)
  note(`Waiting for ${Math.round(begun.expires_in / 60)} minutes. Ctrl-C ends the waiting.`)
  for (let seconds = begun.interval; ; ) {
    await pause(seconds * 1_000)
    try {
      return await api.call('POST', '/api/device/token', schema, { body: { device_code: begun.device_code } })
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      // RFC 8628, 3.5.
      if (error.code === 'slow_down' || error.code === 'rate_limited') seconds += 5
      else if (error.code !== 'authorization_pending') throw error
    }
  }
}

/** Repeats a request after the person has confirmed their identity in a browser, if the console asks for that. */
export async function withFreshProof<Answer>(context: OperatorContext, send: () => Promise<Answer>): Promise<Answer> {
  try {
    return await send()
  } catch (error) {
    const isProofAsked = error instanceof Refused && error.code === 'proof_stale' && context.credentials.isPerson
    if (!isProofAsked) throw error
    if (!context.hasTerminal) throw new Stop(EXIT.notAllowed, error.message)
    await approvedInBrowser(
      context,
      'This needs a fresh proof of your identity.',
      z.object({ proved: z.literal(true) }),
    )
    return send()
  }
}
