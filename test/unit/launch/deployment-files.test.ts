import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
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
        environment: z.record(z.string(), z.string()).default({}),
        volumes: z.array(z.string()).default([]),
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
    spawnSync(process.execPath, [flag, script.replaceAll(/'\/(secrets|owner)\//g, `'${directory}/$1/`)], {
      env: { ...process.env, GITHUB_DISPATCH_TOKEN: token },
      encoding: 'utf8',
    })
  const volumes = ['owner', 'secrets'].map((volume) => path.join(directory, volume))
  for (const volume of volumes) mkdirSync(volume)
  const read = (file: string) => readFileSync(path.join(directory, file), 'utf8')
  const made = () =>
    Object.fromEntries(
      volumes.flatMap((volume) =>
        readdirSync(volume).map((name) => {
          const file = `${path.basename(volume)}/${name}`
          return [file, read(file)] as const
        }),
      ),
    )

  expect(run('')).toMatchObject({ status: 1, stderr: expect.stringContaining('Set GITHUB_DISPATCH_TOKEN.') })
  expect(run('first')).toMatchObject({ status: 0, stdout: '', stderr: '' })
  const first = made()
  expect(first).toMatchObject({ 'secrets/github-dispatch-token': 'first' })
  expect(run('').status).toBe(0)
  expect(made()).toEqual(first)
  expect(read('secrets/database-url')).toBe(
    `postgresql://console_server:${read('owner/server-password')}@postgres:5432/console`,
  )
  expect(read('owner/database-url')).toBe(`postgresql://console_owner:${read('owner/password')}@postgres:5432/console`)
  expect(run('second').status).toBe(0)
  expect(made()).toEqual({ ...first, 'secrets/github-dispatch-token': 'second' })
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

it('in Compose and Kubernetes, only the migrations get the URL and the password of the role that owns the tables', () => {
  const settings = 'DATABASE_OWNER_URL_FILE'
  const inCompose = Object.entries(services).filter(([, service]) => settings in service.environment)
  expect(inCompose.map(([name]) => name)).toEqual(['migrate'])
  const holders = Object.entries(services).filter(([, { volumes }]) => volumes.some((one) => one.startsWith('owner:')))
  expect(holders.map(([name]) => name).toSorted()).toEqual(['migrate', 'postgres', 'secrets'])
  expect(services['postgres']?.environment).toMatchObject({ POSTGRES_USER: 'console_owner' })

  const kustomize = path.join(root, 'deploy/kustomize')
  const naming = readdirSync(kustomize).filter((file) =>
    /DATABASE_OWNER_URL|deploy-console-owner/.test(readFileSync(path.join(kustomize, file), 'utf8')),
  )
  expect(naming).toEqual(['migrate.yaml'])
})

it.each(['server', 'worker'])("the image's %s refuses the URL of the role that owns the tables", (command) => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--conditions=react-server', '--import', 'tsx', path.join(root, 'src/launch/image/main.ts'), command],
    {
      env: {
        ...process.env,
        DATABASE_URL: 'postgresql://console_server:secret@127.0.0.1:9/console',
        DATABASE_OWNER_URL: 'postgresql://console_owner:secret@127.0.0.1:9/console',
      },
      encoding: 'utf8',
    },
  )
  expect(status).toBe(1)
  expect(stderr).toContain('DATABASE_OWNER_URL is set. Only "migrate" may use it')
})

it('in Kubernetes, an older worker goes on until the new one is ready, by the port that the new one answers on', () => {
  const { strategy, template } = z
    .object({
      spec: z.object({
        strategy: z.unknown(),
        template: z.object({ spec: z.object({ containers: z.tuple([z.looseObject({})]) }) }),
      }),
    })
    .parse(parse(readFileSync(path.join(root, 'deploy/kustomize/worker.yaml'), 'utf8'))).spec
  expect(strategy).toEqual({ rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } })
  expect(template.spec.containers[0]).toMatchObject({
    ports: expect.arrayContaining([{ name: 'health', containerPort: 3002 }]),
    env: [{ name: 'WORKER_HEALTH_PORT', value: '3002' }],
    readinessProbe: { httpGet: { path: '/api/health/ready', port: 'health' } },
  })
})

it('the image is told its commit, which it cannot find out, also by Compose', () => {
  const last = readFileSync(path.join(root, 'Dockerfile'), 'utf8').split('\nFROM ').at(-1)
  expect(last).toContain('ARG COMMIT\nENV CONSOLE_COMMIT=$COMMIT\n')
  const builds = Object.values(services).flatMap(({ build }) => (build === undefined ? [] : [build]))
  expect(new Set(builds.map((build) => JSON.stringify(build)))).toEqual(
    new Set([JSON.stringify({ context: '.', args: { COMMIT: `\${COMMIT:-}` } })]),
  )
})
