import path from 'node:path'
import { z } from 'zod'
import { answersAs, type Listening, readListening } from '~/sandbox/control/running-sandbox'
import { behaviours } from '~/sandbox/surfaces/behaviour'

const USAGE = `Usage:
  npm run sandbox -- status
  npm run sandbox -- surface <id> ${behaviours.join('|')}
  npm run sandbox -- freeze "<reason>"
  npm run sandbox -- freeze off
`

const statusSchema = z.object({
  surfaces: z.array(
    z.object({
      id: z.string(),
      behaviour: z.string(),
      deploying: z.boolean(),
      version: z.string().nullable(),
      healthy: z.boolean(),
    }),
  ),
  freeze: z.string().nullable(),
})

const refusal = z.object({ error: z.string() })

const call = async (
  { url, token }: Listening,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<unknown> => {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const content: unknown = await answer.json()
  if (answer.ok) return content
  const parsed = refusal.safeParse(content)
  throw new Error(parsed.success ? parsed.data.error : `The sandbox answered ${answer.status}. Nothing was changed.`)
}

const status = async (sandbox: Listening): Promise<string> => {
  const { surfaces, freeze } = statusSchema.parse(await call(sandbox, 'GET', '/control/status'))
  const rows = surfaces.map(({ id, behaviour, deploying, version, healthy }) => {
    const state = deploying ? 'deploying' : healthy ? 'healthy' : 'unhealthy'
    return `  ${id.padEnd(18)} ${(version ?? '').slice(0, 7).padEnd(8)} ${state.padEnd(10)} ${behaviour}`
  })
  return `${sandbox.url}\n${rows.join('\n')}\n  production ${freeze === null ? 'is not frozen' : `is frozen: ${freeze}`}`
}

const run = async (sandbox: Listening, [command, ...args]: readonly string[]): Promise<string> => {
  const [first = '', second = ''] = args
  if (command === 'status' && args.length === 0) return status(sandbox)
  if (command === 'surface' && args.length === 2) {
    await call(sandbox, 'POST', `/control/surfaces/${encodeURIComponent(first)}`, { behaviour: second })
    return `The surface ${first} behaves as "${second}" from its next deploy on.`
  }
  if (command === 'freeze' && args.length === 1 && first !== '') {
    await call(sandbox, 'POST', '/control/freeze', { reason: first === 'off' ? '' : first })
    return first === 'off' ? 'Production is not frozen.' : `Production is frozen: ${first}`
  }
  throw new Error(USAGE)
}

const main = async (): Promise<void> => {
  const dir = process.env['SANDBOX_DIR'] ?? path.join(process.env['DATA_DIR'] || '.data', 'sandbox')
  const sandbox = readListening(dir)
  if (!sandbox)
    throw new Error(
      `No sandbox has run in ${dir}. Nothing was changed. Start one with npm start, or set DATA_DIR to its directory.`,
    )
  if (!(await answersAs(sandbox))) {
    throw new Error(`The sandbox does not answer on ${sandbox.url}. Nothing was changed. Start it with npm start.`)
  }
  process.stdout.write(`${await run(sandbox, process.argv.slice(2))}\n`)
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
