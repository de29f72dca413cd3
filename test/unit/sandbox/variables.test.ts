import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openVariables } from '~/sandbox/state/variables'

test('a later start adds new variables, follows the addresses and keeps every other value', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'variables-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const file = path.join(dir, 'variables.json')
  openVariables(file, { SHOP_URL: 'http://127.0.0.1:1', SECONDS: '30' }).update('SECONDS', '3')
  const later = openVariables(file, { SHOP_URL: 'http://127.0.0.1:2', SECONDS: '30', PAUSED: 'none' })
  expect(later.list().map(({ name, value }) => `${name} ${value}`)).toEqual([
    'SHOP_URL http://127.0.0.1:2',
    'SECONDS 3',
    'PAUSED none',
  ])
})
