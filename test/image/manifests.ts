import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Ajv from 'ajv'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'
import { z } from 'zod'
import { checkChart, type Manifest, readKustomize } from './chart.ts'
import { runInImage, type Settings, succeed } from './podman.ts'

/** Packages that hold the schemas. They are 30 MB, so they are fetched for this test alone. */
const SCHEMAS = ['dclint@3.1.0', 'kubernetes-models@5.1.0', '@kubernetes-models/prometheus-operator@6.0.0']

const root = path.resolve(import.meta.dirname, '../..')

const compose = z.object({
  services: z.record(
    z.string(),
    z.looseObject({
      command: z.array(z.string()).optional(),
      entrypoint: z.array(z.string()).optional(),
      depends_on: z.record(z.string(), z.unknown()).optional(),
      volumes: z.array(z.string()).optional(),
    }),
  ),
  volumes: z.record(z.string(), z.unknown()),
})

const readCompose = (): z.output<typeof compose> => compose.parse(composeFile())
const composeFile = (): unknown => parse(readFileSync(path.join(root, 'compose.yaml'), 'utf8'), { merge: true })

/**
 * Checks compose.yaml and deploy/ against the schemas of Compose and Kubernetes, the names that one part of a file gives to another, and
 * that the chart and deploy/kustomize have the same objects.
 */
export async function checkManifests(): Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), 'deploy-console-schemas-'))
  try {
    await succeed('npm', ['install', '--silent', '--ignore-scripts', '--no-save', '--prefix', directory, ...SCHEMAS])
    checkCompose(path.join(directory, 'node_modules/dclint/schemas/compose.schema.json'))
    for (const one of [...readKustomize(), ...(await checkChart())])
      await checkKubernetes(one, path.join(directory, 'node_modules'))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function checkCompose(schemaFile: string): void {
  const ajv = new Ajv({ strict: false, validateSchema: false })
  addFormats(ajv)
  const fits = ajv.compile(JSON.parse(readFileSync(schemaFile, 'utf8')))
  assert.ok(fits(composeFile()), JSON.stringify(fits.errors, null, 2))
  const { services, volumes } = readCompose()
  for (const [name, service] of Object.entries(services)) {
    for (const needed of Object.keys(service.depends_on ?? {})) assert.ok(needed in services, `${name} needs ${needed}`)
    for (const volume of service.volumes ?? []) {
      const [source = ''] = volume.split(':')
      if (/^\w/.test(source)) assert.ok(source in volumes, `${name} mounts ${source}`)
    }
  }
}

/** Validates one object with its class, which throws and names the field. */
async function checkKubernetes(one: Manifest, modules: string): Promise<void> {
  const kinds = one.apiVersion.startsWith('monitoring') ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models'
  const models: unknown = await import(path.join(modules, kinds, one.apiVersion, 'index.js'))
  const Model: unknown = Reflect.get(Object(models), one.kind)
  assert.ok(typeof Model === 'function', `${one.apiVersion} has no ${one.kind}`)
  const instance: unknown = Reflect.construct(Model, [one])
  const validate: unknown = Reflect.get(Object(instance), 'validate')
  assert.ok(typeof validate === 'function')
  try {
    await Reflect.apply(validate, instance, [])
  } catch (error) {
    throw new Error(`${one.kind} ${one.metadata.name}: ${error instanceof Error ? error.message : error}`)
  }
  const { selector, template } = z
    .object({
      selector: z
        .object({ matchLabels: z.record(z.string(), z.string()).optional() })
        .optional()
        .catch(undefined),
      template: z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()) }) }).optional(),
    })
    .parse(one['spec'] ?? {})
  if (template !== undefined) {
    for (const [label, value] of Object.entries(selector?.matchLabels ?? {})) {
      assert.equal(template.metadata.labels[label], value, `${one.kind} ${one.metadata.name} selects its own pods`)
    }
  }
}

/** Runs the service `secrets` of compose.yaml twice on one volume, and a server with what it made. */
export async function checkComposeSecrets(settings: Settings, directory: string): Promise<void> {
  const { entrypoint = [] } = readCompose().services['secrets'] ?? {}
  const [node = '', flag = '', script = ''] = entrypoint
  const secrets = path.join(directory, 'secrets')
  const owner = path.join(directory, 'owner')
  for (const volume of [secrets, owner]) mkdirSync(volume)
  const made = {
    ...settings,
    env: { GITHUB_DISPATCH_TOKEN: 'test-token' },
    volumes: [`${secrets}:/secrets`, `${owner}:/owner`],
    options: ['--user', '0:0', '--entrypoint', node],
  }
  const read = () =>
    [secrets, owner].flatMap((volume) =>
      readdirSync(volume).map((file) => [
        `${path.basename(volume)}/${file}`,
        readFileSync(path.join(volume, file), 'utf8'),
      ]),
    )
  assert.deepEqual(await runInImage(made, [flag, script]), { code: 0, out: '', err: '' })
  const first = read()
  assert.deepEqual(first.map(([file]) => file).sort(), [
    ...['owner/database-url', 'owner/password', 'owner/server-password'],
    ...['secrets/auth', 'secrets/callback', 'secrets/database-url', 'secrets/github-dispatch-token'],
  ])
  assert.deepEqual(await runInImage(made, [flag, script]), { code: 0, out: '', err: '' })
  assert.deepEqual(read(), first)
  // No database answers at its address, so all that is refused is the database.
  const env = {
    HOST: '127.0.0.1',
    GITHUB_DISPATCH_TOKEN_FILE: '/secrets/github-dispatch-token',
    DATABASE_URL_FILE: '/secrets/database-url',
    AUTH_SECRET_FILE: '/secrets/auth',
    DEPLOY_CALLBACK_HMAC_SECRET_FILE: '/secrets/callback',
  }
  const { err } = await runInImage({ ...settings, env, volumes: [`${secrets}:/secrets:ro`] }, ['server'])
  assert.match(err, /postgres/)
  assert.doesNotMatch(err, /is not set/)
}
