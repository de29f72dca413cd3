import { z } from 'zod'
import { visible } from '~/domain/foreign-text'
import { anyAnswer } from './answers.ts'
import { createApi, Refused } from './api.ts'
import { command } from './command.ts'
import { consoleAddress, forgetToken, keepToken } from './credentials.ts'
import { EXIT, Stop } from './exit-codes.ts'
import { type OperatorCommand, operatorCommand, printJson } from './operator-command.ts'
import { approvedInBrowser } from './proving.ts'

const signedIn = z.object({ access_token: z.string(), person: z.string(), expires_at: z.string() })

export const signIn: OperatorCommand = command({
  name: 'sign-in',
  summary: 'signs you in: you approve this machine in a browser, on any device',
  operand: { name: 'address', value: '<address>' },
  input: z.object({ address: z.string('required') }),
  run: async (machine, { address: text }) => {
    if (machine.environment['DEPLOY_CONSOLE_TOKEN'] !== undefined) {
      throw new Stop(
        EXIT.usage,
        'DEPLOY_CONSOLE_TOKEN is set, so every command would act as that script. Unset it to sign in.',
      )
    }
    const address = consoleAddress(text, machine.environment)
    const context = { ...machine, api: createApi(address, null) }
    const { access_token: token, person, expires_at: end } = await approvedInBrowser(context, 'Signing in.', signedIn)
    keepToken(machine.environment, address, { token, person })
    await machine.print(`Signed in to ${address} as ${visible(person)}, until ${end}.`)
    return EXIT.succeeded
  },
})

export const signOut = operatorCommand({
  name: 'sign-out',
  summary: 'revokes the token of this machine, and deletes it here',
  input: z.object({}),
  run: async (context) => {
    const { api, credentials } = context
    if (!credentials.isPerson) throw new Stop(EXIT.usage, 'A script does not sign out. Revoke its token at /tokens.')
    if (credentials.token === null) throw new Stop(EXIT.usage, `You are not signed in to ${credentials.address}.`)
    try {
      await api.call('POST', '/api/internal/me/sign-out', anyAnswer)
    } catch (error) {
      // The token works no more, so only the file is left.
      if (!(error instanceof Refused && error.code === 'token_refused')) throw error
    }
    forgetToken(context.environment, credentials.address)
    await context.tell(`Signed out of ${credentials.address}.`)
    return EXIT.succeeded
  },
})

const caller = z.looseObject({ name: z.string(), role: z.string(), environments: z.array(z.string()).nullable() })

export const whoami = operatorCommand({
  name: 'whoami',
  summary: 'prints who the console takes you for, and where you may change something',
  input: z.object({}),
  run: async (context) => {
    const found = await context.api.call('GET', '/api/internal/me', caller)
    const where = found.environments === null ? 'all environments' : found.environments.join(', ') || 'no environment'
    if (context.json) await printJson(context, found)
    else
      await context.print(
        `${visible(found.name)} at ${context.api.address}: ${found.role}, may change ${visible(where)}`,
      )
    return EXIT.succeeded
  },
})
