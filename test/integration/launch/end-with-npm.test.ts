import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'

const shutdown = path.resolve(import.meta.dirname, '../../../src/launch/shutdown.ts')

const script = `
  import { createShutdown, endWithNpm } from ${JSON.stringify(shutdown)}
  const shutdown = createShutdown()
  endWithNpm(shutdown, { npm_lifecycle_event: 'start' })
  shutdown.asked.then(({ message }) => { console.log(message); process.exit() })
  setInterval(() => {}, 1_000)
  console.log('waiting')
`
const npm = `
  require('node:child_process').spawn(
    process.execPath, ['--import', 'tsx', '--input-type=module', '-e', ${JSON.stringify(script)}], { stdio: 'inherit' })
`

it('a program that npm started ends when npm is killed', async () => {
  const parent = spawn(process.execPath, ['-e', npm], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: parent.stdout })
  expect(await once(lines, 'line')).toEqual(['waiting'])
  parent.kill('SIGKILL')
  expect(await once(lines, 'line')).toEqual(['npm has ended, so this start stops too.'])
})
