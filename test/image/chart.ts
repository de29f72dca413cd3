import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Ajv from 'ajv'
import { parse, parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { end, succeed } from './podman.ts'

const root = path.resolve(import.meta.dirname, '../..')
const CHART = path.join(root, 'deploy/helm')
const KUSTOMIZE = path.join(root, 'deploy/kustomize')
const RELEASE = 'deploy-console'

/** Where Helm is not installed, Debian's Go packages render the chart: the language, the functions and the YAML that Helm has. */
export const PACKAGES_FOR_CHART = ['golang-any', 'golang-github-masterminds-sprig-dev', 'golang-k8s-sigs-yaml-dev']
const GO_SOURCES = '/usr/share/gocode'
const GO_LIBRARIES = ['src/github.com/Masterminds/sprig', 'src/sigs.k8s.io/yaml']

const hasHelm = async (): Promise<boolean> => (await end('which', ['helm'])).code === 0

export async function isChartRenderable(): Promise<boolean> {
  if (await hasHelm()) return true
  const hasGo = (await end('which', ['go'])).code === 0
  return hasGo && GO_LIBRARIES.every((folder) => existsSync(path.join(GO_SOURCES, folder)))
}

const readYaml = (...file: readonly string[]): unknown => parse(readFileSync(path.join(...file), 'utf8'))
const record = z.record(z.string(), z.unknown())
type Values = z.output<typeof record>

const manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
})
export type Manifest = z.output<typeof manifest>

const kustomization = z.object({
  resources: z.array(z.string()),
  images: z.tuple([z.object({ newName: z.string(), newTag: z.string() })]),
  configMapGenerator: z.array(
    z.object({ name: z.string(), literals: z.array(z.string()).default([]), files: z.array(z.string()).default([]) }),
  ),
})

/** The objects of deploy/kustomize, with what its generators make. */
export function readKustomize(): Manifest[] {
  const { resources, images, configMapGenerator } = kustomization.parse(readYaml(KUSTOMIZE, 'kustomization.yaml'))
  const [{ newName, newTag }] = images
  const written = resources.flatMap((file) =>
    parseManifests(
      readFileSync(path.join(KUSTOMIZE, file), 'utf8').replaceAll(
        /image: deploy-console$/gm,
        `image: ${newName}:${newTag}`,
      ),
    ),
  )
  const generated = configMapGenerator.map(({ name, literals, files }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: Object.fromEntries([
      ...literals.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      ...files.map((file) => [file, readFileSync(path.join(KUSTOMIZE, file), 'utf8')]),
    ]),
  }))
  return [...written, ...generated]
}

const parseManifests = (text: string): Manifest[] =>
  parseAllDocuments(text)
    .map((document): unknown => document.toJS())
    .filter((object) => object !== null)
    .map((object) => manifest.parse(object))

/** The values that make of the chart what deploy/kustomize holds. */
function valuesOfKustomize(): Values {
  const config = record.parse(readKustomize().find(({ kind }) => kind === 'ConfigMap')?.['data'])
  return {
    consoleUrl: config['CONSOLE_URL'],
    trustedProxies: config['TRUSTED_PROXIES'],
    surfaces: readFileSync(path.join(KUSTOMIZE, 'surfaces.yaml'), 'utf8'),
    serviceMonitor: { enabled: true },
  }
}

/** Checks the chart's schema of values, and that the chart and deploy/kustomize have the same objects. Returns all that was rendered. */
export async function checkChart(): Promise<Manifest[]> {
  const { version } = z.object({ version: z.string() }).parse(readYaml(root, 'package.json'))
  const { appVersion } = z.object({ appVersion: z.string() }).parse(readYaml(CHART, 'Chart.yaml'))
  assert.equal(appVersion, version, 'the chart installs the image of this version')
  checkValues()
  const values = valuesOfKustomize()
  const rendered = await renderChart(values)
  assert.deepEqual(comparable(rendered), comparable(readKustomize()))
  const withAll = await renderChart({
    ...values,
    ingress: { enabled: true, tlsSecret: 'console-tls', annotations: { 'example.com/a': 'b' } },
    config: { GITHUB_DISPATCH_TOKEN_FILE: null, GITHUB_APP_ID: '12345678' },
    imagePullSecrets: [{ name: 'registry' }],
    nodeSelector: { 'kubernetes.io/arch': 'amd64' },
    tolerations: [{ key: 'a', operator: 'Exists' }],
  })
  checkNames(withAll)
  const ingress = z
    .object({ spec: z.object({ rules: z.array(z.object({ host: z.string() })) }) })
    .parse(withAll.find(({ kind }) => kind === 'Ingress'))
  assert.equal(ingress.spec.rules[0]?.host, new URL(String(values['consoleUrl'])).host)
  const told = record.parse(withAll.find(({ kind }) => kind === 'ConfigMap')?.['data'])
  assert.ok(told['GITHUB_APP_ID'] === '12345678' && !('GITHUB_DISPATCH_TOKEN_FILE' in told))
  const withLess = await renderChart({
    ...values,
    serviceMonitor: { enabled: false },
    networkPolicy: { enabled: false },
  })
  assert.deepEqual(
    withLess.map(({ kind }) => kind).filter((kind) => /Monitor|Policy|Ingress/.test(kind)),
    [],
  )
  return [...rendered, ...withAll]
}

/** Values are refused by values.schema.json, as Helm does it before it renders. */
function checkValues(): void {
  const fits = new Ajv({ strict: false }).compile(record.parse(readYaml(CHART, 'values.schema.json')))
  const isRefused = (more: Values): void =>
    assert.ok(!fits(allValues({ ...valuesOfKustomize(), ...more })), `accepted: ${JSON.stringify(more)}`)
  assert.ok(fits(allValues(valuesOfKustomize())), JSON.stringify(fits.errors, null, 2))
  assert.ok(!fits(allValues({})), 'a chart without an address')
  isRefused({ consoleUrl: 'https://example.com/console' })
  isRefused({ replicas: 3 })
  isRefused({ server: { replica: 3 } })
  // Helm would print a large number as 1e+06.
  isRefused({ config: { LOG_RETENTION_DAYS: 90 } })
  isRefused({ config: { AUTH_SECRET: 'in plain text' } })
  isRefused({ config: { DATABASE_OWNER_URL_FILE: '/secrets/owner' } })
}

/** The defaults and, over them, the given values. As in Helm, objects are merged and `null` removes a value. */
function allValues(given: Values): Values {
  const merge = (defaults: Values, over: Values): Values => {
    const merged: Values = { ...defaults }
    for (const [name, value] of Object.entries(over)) {
      const [inner, outer] = [record.safeParse(defaults[name]), record.safeParse(value)]
      merged[name] = inner.success && outer.success ? merge(inner.data, outer.data) : value
      if (value === null) delete merged[name]
    }
    return merged
  }
  return merge(record.parse(readYaml(CHART, 'values.yaml')), given)
}

async function renderChart(values: Values): Promise<Manifest[]> {
  const directory = mkdtempSync(path.join(tmpdir(), 'deploy-console-chart-'))
  try {
    if (await hasHelm()) {
      const file = path.join(directory, 'values.json')
      writeFileSync(file, JSON.stringify(values))
      return parseManifests(
        await succeed('helm', ['template', RELEASE, CHART, '--namespace', RELEASE, '--values', file]),
      )
    }
    const chart = z
      .object({ name: z.string(), version: z.string(), appVersion: z.string() })
      .parse(readYaml(CHART, 'Chart.yaml'))
    const { status, stdout, stderr } = spawnSync(
      'go',
      ['run', path.join(import.meta.dirname, 'render-chart/main.go'), path.join(CHART, 'templates')],
      {
        env: {
          ...process.env,
          GO111MODULE: 'off',
          GOPATH: GO_SOURCES,
          GOCACHE: path.join(tmpdir(), 'deploy-console-go'),
        },
        input: JSON.stringify({
          Values: allValues(values),
          Release: { Name: RELEASE, Namespace: RELEASE, Revision: 1, Service: 'Helm' },
          Chart: { Name: chart.name, Version: chart.version, AppVersion: chart.appVersion },
        }),
        encoding: 'utf8',
      },
    )
    assert.equal(status, 0, stderr)
    const files = z.record(z.string(), z.string()).parse(JSON.parse(stdout))
    return Object.entries(files).flatMap(([name, text]) => (name === 'NOTES.txt' ? [] : parseManifests(text)))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** What only names the release. The chart selects by it too, so that a namespace may hold two. */
const LABELS_OF_A_RELEASE = /^(app\.kubernetes\.io\/(name|instance|version|managed-by)|helm\.sh\/chart)$/
/** Hooks, and the digest that makes new pods for a new configuration: Kustomize names the ConfigMap by it. */
const LEFT_OUT = /^(annotations|imagePullPolicy|envFrom)$/

/** Objects without what the two ways name differently, by kind and name. */
function comparable(manifests: readonly Manifest[]): Values {
  const config = Object.fromEntries(
    manifests
      .filter(({ kind }) => kind === 'ConfigMap')
      .map(({ metadata, data }) => [metadata.name, record.parse(data)]),
  )
  const simplify = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(simplify)
    const object = record.safeParse(value)
    if (!object.success) return value
    const entries = Object.entries(withVariables(object.data, config))
      .filter(([name]) => !LABELS_OF_A_RELEASE.test(name) && !LEFT_OUT.test(name))
      .map(([name, one]) => [name, simplify(one)] as const)
      .filter(([, one]) => !isEmpty(one))
    return Object.fromEntries(entries)
  }
  const named = JSON.stringify(manifests.map(simplify)).replaceAll(
    /"deploy-console-(server|worker|migrate|metrics|surfaces)(-1)?"/g,
    '"$1"',
  )
  return Object.fromEntries(
    z
      .array(manifest)
      .parse(JSON.parse(named))
      .map((one) => [`${one.kind} ${one.metadata.name}`, one]),
  )
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0

/** A container with each of its variables, also those of a ConfigMap. */
function withVariables(object: Values, config: Readonly<Record<string, Values>>): Values {
  if (!('args' in object)) return object
  const { envFrom, env } = z
    .object({
      envFrom: z.array(z.object({ configMapRef: z.object({ name: z.string() }) })).default([]),
      env: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
    })
    .parse(object)
  const variables = Object.assign(
    {},
    ...envFrom.map(({ configMapRef }) => config[configMapRef.name]),
    ...env.map(({ name, value }) => ({ [name]: value })),
  )
  return { ...object, env: variables }
}

/** The names that one object gives to another: of services, and of ConfigMaps. */
function checkNames(manifests: readonly Manifest[]): void {
  const text = JSON.stringify(manifests)
  const are = (kind: string) => manifests.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name)
  for (const [, name] of text.matchAll(/"(?:configMap|configMapRef)":\{"name":"([^"]+)"/g)) {
    assert.ok(are('ConfigMap').includes(name ?? ''), `ConfigMap ${name}`)
  }
  for (const [, name] of text.matchAll(/"service":\{"name":"([^"]+)"/g)) {
    assert.ok(are('Service').includes(name ?? ''), `Service ${name}`)
  }
}
