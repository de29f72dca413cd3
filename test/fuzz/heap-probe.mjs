// Loaded into the server that is fuzzed: on SIGUSR2 it collects garbage and writes down what is left.
import { writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const file = process.env['HEAP_PROBE_FILE']
if (file !== undefined) {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  let asked = 0
  process.on('SIGUSR2', () => {
    asked += 1
    collect()
    collect()
    writeFileSync(file, JSON.stringify({ asked, ...process.memoryUsage() }))
  })
}
