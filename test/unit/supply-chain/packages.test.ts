import { describe, expect, test } from 'vitest'
import { whyAllowed } from '~test/support/supply-chain/licences'
import { lockedPackages, lockedRoot, manifest } from '~test/support/supply-chain/locked-packages'

const EXACT = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/
const notExact = (versions: Readonly<Record<string, string>>) =>
  Object.entries(versions).filter(([, version]) => !EXACT.test(version))

describe('the packages that npm installs', () => {
  test('are requested by exact version, never by a range, tag, address or path', () => {
    const { dependencies, devDependencies, overrides } = manifest
    expect(notExact({ ...dependencies, ...devDependencies, ...overrides })).toEqual([])
  })

  test('are locked as package.json requests them', () => {
    expect(lockedRoot).toMatchObject({
      dependencies: manifest.dependencies,
      devDependencies: manifest.devDependencies,
    })
    const locked = new Map(lockedPackages.map(({ place, version }) => [place, version]))
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      expect([name, locked.get(`node_modules/${name}`)]).toEqual([name, version])
    }
  })

  test('come from the registry, with a SHA-512 hash for each', () => {
    expect(lockedPackages.length).toBeGreaterThan(100)
    expect(lockedPackages.filter(({ resolved, link }) => resolved !== undefined || link === true)).toEqual([])
    expect(lockedPackages.filter(({ integrity }) => !integrity?.startsWith('sha512-'))).toEqual([])
  })

  test('are locked for every platform', () => {
    const places = new Set(lockedPackages.map(({ place }) => place))
    const missing = lockedPackages.flatMap(({ place, version, optionalDependencies }) =>
      Object.keys(optionalDependencies)
        .filter((name) => !places.has(`node_modules/${name}`) && !places.has(`${place}/node_modules/${name}`))
        .map((name) => `${place}@${version} wants ${name}`),
    )
    expect(missing).toEqual([])
  })

  test('run no install script, and package.json lists every one that wants to', () => {
    const wanting = new Set(lockedPackages.filter((one) => one.hasInstallScript).map(({ name }) => name))
    expect(Object.keys(manifest.allowScripts).toSorted()).toEqual([...wanting].toSorted())
    expect(Object.entries(manifest.allowScripts).filter(([, allowed]) => allowed)).toEqual([])
  })
})

describe('the licence of a production package', () => {
  test('is on the list, or allowed for that package by name', () => {
    const refused = lockedPackages.filter((locked) => !locked.dev && whyAllowed(locked) === null)
    expect(refused.map(({ name, license }) => `${name}: ${license ?? 'none declared'}`)).toEqual([])
  })

  test('is not allowed if one of its joint licences is not, if it is unknown, or if another package has the permission', () => {
    expect(whyAllowed({ name: 'a', license: 'MIT AND GPL-3.0-only' })).toBeNull()
    expect(whyAllowed({ name: 'a', license: 'SEE LICENSE IN FILE' })).toBeNull()
    expect(whyAllowed({ name: 'a', license: 'MPL-2.0' })).toBeNull()
    expect(whyAllowed({ name: 'a' })).toBeNull()
    expect(whyAllowed({ name: 'a', license: 'MIT OR GPL-3.0-only' })).toBe('permissive')
  })
})
