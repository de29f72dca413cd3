import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readConfig, readServerConfig } from '~/server/platform/config'

const VARIABLES = [
  ...['HOST', 'PORT', 'CONSOLE_URL', 'DATABASE_URL', 'DATA_DIR', 'SURFACES_FILE', 'SANDBOX_URL', 'SLACK_WEBHOOK_URL'],
  'DELIVERY_PRIVATE_ADDRESSES',
  ...[
    'GITHUB_API_URL',
    'GITHUB_DISPATCH_TOKEN',
    'GITHUB_APP_ID',
    'GITHUB_APP_INSTALLATION_ID',
    'GITHUB_APP_PRIVATE_KEY',
  ],
  ...['DEPLOY_CALLBACK_HMAC_SECRET', 'CALLBACK_SHARED_SECRET', 'AUTH_SECRET', 'AUTH_GITHUB_CLIENT_ID'],
  ...['AUTH_GITHUB_CLIENT_SECRET', 'AUTH_GITHUB_PROVES_IDENTITY', 'AUTH_OIDC_ISSUER', 'AUTH_OIDC_CLIENT_ID'],
  ...['AUTH_OIDC_CLIENT_SECRET', 'AUTH_OIDC_NAME', 'AUTH_ALLOWED_EMAIL_DOMAINS', 'AUTH_ALLOWED_GITHUB'],
  ...['TRUSTED_PROXIES', 'RATE_LIMIT_PER_MINUTE', 'RATE_LIMIT_REFUSED_PER_MINUTE', 'IN_PROCESS_WORKER', 'LOG_LEVEL'],
  'LOG_RETENTION_DAYS',
  ...['METRICS_PORT', 'METRICS_HOST', 'CONSOLE_COMMIT', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_SERVICE_NAME'],
  ...['DRAIN_SECONDS', 'WORKER_HEALTH_PORT'],
  'DATABASE_DIRECT_URL',
  'DATABASE_OWNER_URL',
  'FLAG_CONSOLE_DEPLOY_ASYNC',
] as const

describe('the configuration', () => {
  it('drains five seconds if a proxy or another machine can be in front, and otherwise not at all', () => {
    const of = (env: Record<string, string>) => readConfig(env).drainSeconds
    const open = { HOST: '0.0.0.0', CONSOLE_URL: 'https://console.example.com' }
    expect([of({}), of({ TRUSTED_PROXIES: 'none' }), of({ TRUSTED_PROXIES: '127.0.0.1' })]).toEqual([0, 0, 5])
    expect([of({ ...open, TRUSTED_PROXIES: 'none' }), of({ ...open, TRUSTED_PROXIES: '10.0.0.0/8' })]).toEqual([5, 5])
    expect([of({ ...open, TRUSTED_PROXIES: 'none', DRAIN_SECONDS: '0' }), of({ DRAIN_SECONDS: '30' })]).toEqual([0, 30])
  })

  it('requires nothing to run the sandbox', () => {
    expect(readConfig({})).toMatchObject({
      port: undefined,
      databaseUrl: undefined,
      githubCredentials: undefined,
      githubApiUrl: 'https://api.github.com',
      dataDir: '.data',
      surfacesFile: 'surfaces.yaml',
      callbackSecrets: [],
    })
  })

  it.each([
    ['PORT', 'three thousand', 'example: 3000'],
    ['PORT', '70000', '65535'],
    ['PORT', '0', 'example: 3000'],
    ['HOST', 'localhost', 'example: 0.0.0.0'],
    ['HOST', '/run/console.sock', 'CONSOLE_URL is not set, and HOST is the socket /run/console.sock'],
    ['HOST', '/run/console/', 'absolute path of a unix socket'],
    ['HOST', `/${'x'.repeat(103)}`, 'at most 103 bytes'],
    ['HOST', 'run/console.sock', 'absolute path of a unix socket'],
    ['TRUSTED_PROXIES', 'unix', 'HOST is 127.0.0.1, not a socket'],
    ['HOST', 'fe80::1%eth0', 'example: 0.0.0.0'],
    ['HOST', '0.0.0.0', 'CONSOLE_URL is not set'],
    ['HOST', '::', 'TRUSTED_PROXIES is not set'],
    ['TRUSTED_PROXIES', 'none,10.0.0.1', 'example: 127.0.0.1,10.0.0.0/8'],
    ['TRUSTED_PROXIES', 'proxy', 'example: 127.0.0.1,10.0.0.0/8'],
    ['LOG_LEVEL', 'verbose', 'example: info'],
    ['METRICS_PORT', 'on', 'example: 9464'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318', 'example: http://127.0.0.1:4318'],
    ['CONSOLE_COMMIT', 'main', 'must be the id of a commit'],
    ['METRICS_HOST', 'localhost', 'example: 0.0.0.0'],
    ['DRAIN_SECONDS', '-1', 'example: 5'],
    ['WORKER_HEALTH_PORT', '70000', 'example: 3002'],
    ['GITHUB_API_URL', 'https://github.example.com/api/v3?x=1', 'has a query'],
    ['GITHUB_DISPATCH_TOKEN', 'ghp_a\nb', 'character that no token has'],
    ['SLACK_WEBHOOK_URL', 'https://u:p@hooks.slack.com/', 'without a user'],
    ['CONSOLE_URL', 'console.example.com', 'example: https://console.example.com'],
    ['DATABASE_DIRECT_URL', 'postgresql://u:p@db/console', 'DATABASE_DIRECT_URL is set, but DATABASE_URL is not'],
    ['DATABASE_OWNER_URL', 'postgresql://u:p@db/console', 'DATABASE_OWNER_URL is set, but DATABASE_URL is not'],
    ['DATABASE_URL', 'mysql://db', 'example: postgresql://'],
    ['DATABASE_URL', 'postgresql://u:sec/ret@h:1/db', 'percent-encode'],
    ['DATABASE_URL', 'postgresql://u:100%@h:1/db', 'percent-encode'],
    ['GITHUB_API_URL', 'api.github.com', 'example: https://'],
    ['CALLBACK_SHARED_SECRET', 'no', 'neither on nor off; example: CALLBACK_SHARED_SECRET=off'],
    ['DEPLOY_CALLBACK_HMAC_SECRET', 'short', 'less than 24 bytes'],
    ['DEPLOY_CALLBACK_HMAC_SECRET', 'whsec_c2hvcnQ=', 'less than 24 bytes'],
    ['DEPLOY_CALLBACK_HMAC_SECRET', 'whsec_not base64!', 'not base64'],
    ['DEPLOY_CALLBACK_HMAC_SECRET', `${'x'.repeat(24)},`, 'less than 24 bytes'],
    ['GITHUB_WEBHOOK_SECRET', 'short', 'less than 24 bytes'],
    ['AUTH_SECRET', 'short', 'less than 32 bytes'],
    ['AUTH_SECRET', `${'x'.repeat(32)},short`, 'less than 32 bytes'],
    ['AUTH_GITHUB_CLIENT_ID', 'Iv23li', 'AUTH_GITHUB_CLIENT_SECRET is not set'],
    ['AUTH_OIDC_ISSUER', 'http://login.example.com', 'example: https://login.example.com'],
    ['AUTH_OIDC_ISSUER', 'https://login.example.com', 'AUTH_OIDC_CLIENT_SECRET is not set'],
    ['AUTH_ALLOWED_EMAIL_DOMAINS', '@example.com', 'example: example.com'],
    ['AUTH_ALLOWED_EMAIL_DOMAINS', '*', 'example: example.com'],
    ['AUTH_ALLOWED_GITHUB', 'acme/', 'example: acme,acme-labs/platform'],
    ['AUTH_ALLOWED_GITHUB', 'acme', 'nobody can sign in with GitHub'],
    ['SLACK_WEBHOOK_URL', 'hooks.slack.com/services/T0', 'example: https://hooks.slack.com/services/'],
    ['DELIVERY_PRIVATE_ADDRESSES', 'on', 'example: DELIVERY_PRIVATE_ADDRESSES=allow'],
    ['IN_PROCESS_WORKER', 'maybe', 'example: IN_PROCESS_WORKER=off'],
    ['FLAG_CONSOLE_DEPLOY_ASYNC', 'maybe', 'example: FLAG_CONSOLE_DEPLOY_ASYNC=on'],
  ])("refuses %s=%j with the variable's name, the problem and an example", (name, value, expected) => {
    const read = () => readConfig({ [name]: value })
    expect(read).toThrow(name)
    expect(read).toThrow(expected)
  })

  it.each(['127.0.0.1', '127.8.9.10', '::1', '0:0:0:0:0:0:0:1'])(
    'allows the loopback address %s without other settings',
    (host) => {
      expect(readConfig({ HOST: host }).host).toBe(host)
    },
  )

  it('allows another address only with CONSOLE_URL and TRUSTED_PROXIES, and never for the sandbox', () => {
    const told = { HOST: '0.0.0.0', CONSOLE_URL: 'https://console.example.com', GITHUB_DISPATCH_TOKEN: 'token' }
    expect(readConfig({ ...told, TRUSTED_PROXIES: 'none' })).toMatchObject({ host: '0.0.0.0', trustedProxies: [] })
    expect(readConfig({ ...told, TRUSTED_PROXIES: '10.0.0.0/8' }).trustedProxies).toEqual(['10.0.0.0/8'])
    const sandbox = { SANDBOX_URL: 'http://127.0.0.1:3001', GITHUB_API_URL: 'http://127.0.0.1:3001/api/v3' }
    expect(() => readConfig({ ...told, TRUSTED_PROXIES: 'none', ...sandbox })).toThrow('serves this machine only')
  })

  it('allows a socket only with CONSOLE_URL, with unix or none as TRUSTED_PROXIES, and without PORT', () => {
    const told = {
      HOST: '/run/console.sock',
      CONSOLE_URL: 'https://console.example.com',
      GITHUB_DISPATCH_TOKEN: 'token',
    }
    expect(() => readConfig(told)).toThrow('TRUSTED_PROXIES is not set, and HOST is the socket')
    expect(() => readConfig({ ...told, TRUSTED_PROXIES: '10.0.0.0/8' })).toThrow('TRUSTED_PROXIES lacks unix')
    expect(() => readConfig({ ...told, TRUSTED_PROXIES: 'unix', PORT: '3000' })).toThrow('PORT is set')
    expect(readConfig({ ...told, TRUSTED_PROXIES: 'none' }).trustedProxies).toEqual([])
    expect(readConfig({ ...told, TRUSTED_PROXIES: 'unix, 10.0.0.0/8' })).toMatchObject({
      host: '/run/console.sock',
      trustedProxies: ['unix', '10.0.0.0/8'],
    })
  })

  it('accepts a CONSOLE_URL of scheme, host and port, and refuses anything more', () => {
    const text = fc.stringMatching(/^[a-z0-9._~%-]{0,8}$/)
    const parts = fc.record({
      scheme: fc.constantFrom('http', 'https', 'HTTPS'),
      host: fc.constantFrom('console.example.com', 'localhost', '10.1.2.3', '[::1]'),
      port: fc.constantFrom('', ':3000', ':65535'),
      user: fc.option(
        text.map((name) => `${name}@`),
        { nil: '', freq: 2 },
      ),
      rest: fc.option(
        fc.tuple(fc.constantFrom('/a', '/.', '\\\\', '?', '#', '/?', '/#', '//a'), text).map((all) => all.join('')),
        { nil: '', freq: 2 },
      ),
      slash: fc.constantFrom('', '/'),
    })
    fc.assert(
      fc.property(parts, ({ scheme, host, port, user, rest, slash }) => {
        const read = () =>
          readConfig({ CONSOLE_URL: `${scheme}://${user}${host}${port}${rest}${rest === '' ? slash : ''}` })
        if (user === '' && rest === '') expect(read().consoleUrl).toBe(`${scheme.toLowerCase()}://${host}${port}`)
        else expect(read).toThrow(/^The configuration is invalid[^\n]*\n {2}- CONSOLE_URL [^\n]*example: https:\S+$/)
      }),
    )
    expect(() => readConfig({ CONSOLE_URL: 'https://example.com/console' })).toThrow('a sub-path is not served')
  })

  it('answers hostile values with one line for each invalid variable', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '',
        ' ',
        '0',
        '-1',
        '99999',
        '1e9',
        'none',
        ',',
        '::',
        '0.0.0.0',
        '%',
        'null',
        '{}',
        '\0',
        '\ud800',
      ),
      fc.constantFrom(
        'http://',
        'https://[',
        'https://a:99999',
        'http://a:0',
        'https://%',
        'postgresql://%@/',
        'whsec_',
      ),
      fc.constantFrom('127.0.0.1/33', '1.2.3.4/', '::/129', '-----BEGIN RSA PRIVATE KEY-----', 'a'.repeat(10_000)),
    )
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...VARIABLES), hostile), (env) => {
        try {
          readConfig(env)
        } catch (error) {
          const lines = String(error).split('\n')
          expect(lines[0]).toBe('Error: The configuration is invalid. Nothing was started. Correct these variables:')
          for (const line of lines.slice(1)) expect(line).toMatch(/^ {2}- [A-Z_]+ .*(; |, and |both set)/)
        }
      }),
      { numRuns: 300, endOnFailure: true },
    )
  })

  it('takes a flag from its variable, on or off, and leaves the others unset', () => {
    expect(readConfig({}).forcedFlags).toEqual({})
    expect(readConfig({ FLAG_CONSOLE_DEPLOY_ASYNC: 'off' }).forcedFlags).toEqual({ FLAG_CONSOLE_DEPLOY_ASYNC: false })
    expect(readConfig({ FLAG_CONSOLE_DEPLOY_PHASE_CALLBACKS: 'on' }).forcedFlags).toEqual({
      FLAG_CONSOLE_DEPLOY_PHASE_CALLBACKS: true,
    })
  })

  it.each([
    ['github.com', {}],
    ['an Enterprise Server', { GITHUB_API_URL: 'https://github.example.com/api/v3' }],
    ['an address that starts like the sandbox’s', { GITHUB_API_URL: 'http://127.0.0.1:30011/api/v3' }],
  ])('refuses SANDBOX_URL beside another GitHub: %s', (_, env) => {
    const sandbox = { SANDBOX_URL: 'http://127.0.0.1:3001', GITHUB_DISPATCH_TOKEN: 'token' }
    expect(() => readConfig({ ...sandbox, ...env })).toThrow('SANDBOX_URL is set')
    const own = { ...sandbox, GITHUB_API_URL: 'http://127.0.0.1:3001/api/v3' }
    expect(readConfig(own).sandboxUrl).toBe('http://127.0.0.1:3001')
  })

  it('does not repeat a secret that it refuses', () => {
    const secret = 'hunter2hunter2'
    let message = ''
    try {
      readConfig({ DEPLOY_CALLBACK_HMAC_SECRET: secret })
    } catch (error) {
      message = String(error)
    }
    expect(message).toContain('DEPLOY_CALLBACK_HMAC_SECRET')
    expect(message).not.toContain(secret)
  })

  describe('of a GitHub App', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
    const app = { GITHUB_APP_ID: '1234', GITHUB_APP_INSTALLATION_ID: '99', GITHUB_APP_PRIVATE_KEY: pem }

    it.each([
      ['as in its file', pem],
      ['with escaped line breaks', pem.trim().replaceAll('\n', '\\n')],
      ['in base64', Buffer.from(pem).toString('base64')],
      ['as PKCS#8', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ])('accepts the private key %s', (_, key) => {
      expect(readConfig({ ...app, GITHUB_APP_PRIVATE_KEY: key }).githubCredentials).toEqual({
        kind: 'app',
        appId: '1234',
        installationId: '99',
        privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      })
    })

    it.each(Object.keys(app))('is refused without %s, and the error names the variable', (missing) => {
      expect(() => readConfig({ ...app, [missing]: undefined })).toThrow(`${missing} is not set`)
    })

    it('is refused together with a token', () => {
      expect(() => readConfig({ ...app, GITHUB_DISPATCH_TOKEN: 'ghp_x' })).toThrow('are both set')
    })

    it.each([
      ['GITHUB_APP_ID', 'my app'],
      ['GITHUB_APP_INSTALLATION_ID', 'latest'],
      ['GITHUB_APP_PRIVATE_KEY', 'c2VjcmV0LWJ1dC1uby1rZXk='],
      ['GITHUB_APP_PRIVATE_KEY', pem.slice(0, 200)],
    ])("with an invalid %s is refused with the variable's name and without the key", (name, value) => {
      const read = () => readConfig({ ...app, [name]: value })
      expect(read).toThrow(name)
      expect(read).not.toThrow(app.GITHUB_APP_PRIVATE_KEY.slice(40, 100))
    })
  })

  it('names every invalid variable at once', () => {
    const read = () => readConfig({ PORT: 'x', DATABASE_URL: 'y' })
    expect(read).toThrow('- PORT ')
    expect(read).toThrow('- DATABASE_URL ')
  })

  it('accepts several callback secrets, for a rotation', () => {
    const secrets = ['a'.repeat(24), `whsec_${Buffer.alloc(24, 7).toString('base64')}`]
    expect(readConfig({ DEPLOY_CALLBACK_HMAC_SECRET: secrets.join(', ') }).callbackSecrets).toEqual(secrets)
  })

  it('refuses to run a server without database, credentials or a callback secret', () => {
    expect(() => readServerConfig({})).toThrow(/DATABASE_URL[\s\S]*GITHUB_DISPATCH_TOKEN[\s\S]*HMAC_SECRET/)
  })
})
