import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

const root = path.resolve(import.meta.dirname, '../../..')

const mounted = z.array(z.union([z.string(), z.looseObject({ source: z.string() })])).default([])
const sources = z.record(z.string(), z.looseObject({ file: z.string().optional() })).default({})
const { services, ...named } = z
  .object({
    services: z.record(
      z.string(),
      z.looseObject({
        read_only: z.boolean().default(false),
        command: z.array(z.string()).default([]),
        depends_on: z.record(z.string(), z.unknown()).default({}),
        entrypoint: z.array(z.string()).default([]),
        secrets: mounted,
        configs: mounted,
      }),
    ),
    secrets: sources,
    configs: sources,
  })
  .parse(parse(readFileSync(path.join(root, 'compose.yaml'), 'utf8'), { merge: true }))

it('no read-only service of compose.yaml takes a secret or a config that Compose would have to write into it', () => {
  const written = Object.entries(services).flatMap(([name, service]) =>
    (['secrets', 'configs'] as const).flatMap((kind) =>
      service[kind]
        .map((one) => (typeof one === 'string' ? one : one.source))
        .filter((source) => service.read_only && named[kind][source]?.file === undefined)
        .map((source) => `${name}: ${source}`),
    ),
  )
  expect(Object.values(services).some((service) => service.read_only)).toBe(true)
  expect(written).toEqual([])
})

it('the script of compose.yaml makes each secret once, keeps the token of GitHub, and replaces it by one that is given', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'deploy-console-secrets-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const [, flag = '', script = ''] = services['secrets']?.entrypoint ?? []
  const run = (token: string) =>
    spawnSync(process.execPath, [flag, script.replaceAll("'/secrets/", `'${directory}/`)], {
      env: { ...process.env, GITHUB_DISPATCH_TOKEN: token },
      encoding: 'utf8',
    })
  const made = () =>
    Object.fromEntries(
      readdirSync(directory).map((file) => [file, readFileSync(path.join(directory, file), 'utf8')] as const),
    )

  expect(run('')).toMatchObject({ status: 1, stderr: expect.stringContaining('Set GITHUB_DISPATCH_TOKEN.') })
  expect(run('first')).toMatchObject({ status: 0, stdout: '', stderr: '' })
  const first = made()
  expect(first).toMatchObject({ 'github-dispatch-token': 'first' })
  expect(run('').status).toBe(0)
  expect(made()).toEqual(first)
  expect(run('second').status).toBe(0)
  expect(made()).toEqual({ ...first, 'github-dispatch-token': 'second' })
})

it('no service of compose.yaml waits for the surfaces, and no service that others wait for applies them', () => {
  const applying = Object.entries(services).filter(([, { command }]) => command.join(' ').includes('surfaces'))
  expect(applying.map(([name, { command }]) => [name, command])).toEqual([
    ['surfaces', ['console', 'surfaces', 'apply']],
  ])
  const awaited = Object.values(services).flatMap((service) => Object.keys(service.depends_on))
  expect(awaited).toContain('migrate')
  expect(awaited).not.toContain('surfaces')
})
