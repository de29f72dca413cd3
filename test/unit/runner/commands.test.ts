import { expect, test } from 'vitest'
import { parseFileCommand, parseWorkflowCommand } from '~/sandbox/runner/step-commands'

test('a workflow command is read with its properties and decoded once', () => {
  expect(parseWorkflowCommand('::error file=a%3Ab.ts,line=3::100%25 lost%0Anow %250A')).toEqual({
    name: 'error',
    properties: { file: 'a:b.ts', line: '3' },
    message: '100% lost\nnow %0A',
  })
  expect(parseWorkflowCommand('  ::add-mask::a::b')).toMatchObject({ name: 'add-mask', message: 'a::b' })
  expect(parseWorkflowCommand('::endgroup::')).toMatchObject({ name: 'endgroup', message: '' })
})

test.each(['plain text', 'a ::error::b', ':: error::x', '::', 'std::vector::push'])(
  'the line %j is not a workflow command',
  (line) => {
    expect(parseWorkflowCommand(line)).toBeUndefined()
  },
)

test('file commands keep values of several lines, with equals signs and without text', () => {
  const text = 'a=1\nb=x=y\n\nempty=\nc<<EOF\nline 1\nd=not a key\nEOF\nwith<<inside=kept\n1\ninside=kept\n'
  expect(parseFileCommand(text)).toEqual({
    a: '1',
    b: 'x=y',
    empty: '',
    c: 'line 1\nd=not a key',
    with: '1',
  })
})

test('a file command without an end or a name is an error', () => {
  expect(() => parseFileCommand('a<<EOF\nnever ends')).toThrow(/EOF/)
  expect(() => parseFileCommand('no equals sign')).toThrow(/no equals sign/)
})
