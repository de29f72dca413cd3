import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Command, command, readCall } from '~/command-line/command'
import { OPERATOR_COMMANDS } from '~/command-line/run-command-line'
import { COMMANDS, OFFLINE_COMMANDS } from '~/launch/commands/commands'

interface Context {
  readonly print: (line: string) => Promise<void>
}

const caller = { call: 'npm run console --', notes: ['The last line.'] }

const greet: Command<Context, string> = command({
  name: 'person greet',
  summary: 'says hello',
  options: { name: { type: 'string', value: '<name>', summary: 'whom' }, loud: { type: 'boolean', summary: 'louder' } },
  input: z.object({ name: z.string('is needed'), loud: z.boolean().default(false) }),
  run: async ({ print }, { name, loud }) => {
    await print(`hello ${name}${loud ? '!' : ''}`)
    return 'done'
  },
})
const read = (...args: string[]) => readCall(args, [greet], caller)

const open: Command<Context, string> = command({
  name: 'open',
  summary: 'opens',
  operand: { name: 'door', value: '<door>' },
  input: z.object({ door: z.string('is needed').regex(/^[a-z]+$/, 'is no door') }),
  run: async ({ print }, { door }) => {
    await print(door)
    return 'done'
  },
})

describe('a call of the command line', () => {
  it('runs the command that it names', () => {
    expect(read('person', 'greet', '--name', 'Ada', '--loud')).toMatchObject({ kind: 'run' })
  })

  it.each([
    [['person', 'greet', '--name', 'Ada', '--shout'], "Unknown option '--shout'"],
    [['person', 'greet', '--name'], 'argument missing'],
    [['person', 'greet'], '--name: is needed.'],
    [['person', 'greet', '--name', 'Ada', 'Bob'], "Unexpected argument 'Bob'"],
    [['person'], 'There is no command "person".'],
    [['person', 'insult'], 'There is no command "person insult".'],
    [[], 'No command was given.'],
  ])('is refused for the arguments %j with the problem and the usage', (args, sentence) => {
    const call = read(...args)
    expect(call).toMatchObject({ kind: 'usage_error', text: expect.stringContaining(sentence) })
    expect(call).toMatchObject({ text: expect.stringContaining('Usage: npm run console --') })
  })

  it.each([
    [['open', '9'], '<door>: is no door.'],
    [['open'], '<door>: is needed.'],
    [['open', 'front', 'back'], "Unexpected argument 'back'"],
  ])('is refused for the arguments %j of a command that takes one operand', (args, sentence) => {
    expect(readCall(args, [open], caller)).toMatchObject({
      kind: 'usage_error',
      text: expect.stringContaining(sentence),
    })
    expect(readCall(['open', 'front'], [open], caller)).toMatchObject({ kind: 'run' })
    expect(readCall(['open', '--help'], [open], caller)).toMatchObject({ text: expect.stringContaining('open <door>') })
  })

  it.each([[['--help']], [['person', 'greet', '-h']], [['person', 'greet', '--name', 'Ada', '--help']]])(
    'with the arguments %j prints help and does nothing else',
    (args) => expect(read(...args)).toMatchObject({ kind: 'help', text: expect.stringContaining('says hello') }),
  )

  it('can reach every command, because each name is unique and none hides another', () => {
    const names = [...COMMANDS, ...OFFLINE_COMMANDS, ...OPERATOR_COMMANDS].map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names)
      expect(
        names.filter((other) => other.startsWith(`${name} `)),
        name,
      ).toEqual([])
  })
})
