// Plain JavaScript without imports, because each start of the server reads it: as TypeScript it loaded Next's compiler, and the
// check of the configuration, which src/instrumentation.ts makes anyway, loaded zod once more.

/** @type {import('next').NextConfig} */
const config = {
  // Our own server does (src/launch/serve.mjs).
  compress: false,
  poweredByHeader: false,
  reactStrictMode: true,
  serverExternalPackages: [
    '@prisma/client',
    '@prisma/adapter-pg',
    'graphile-worker',
    'pg',
    'pino',
    'prom-client',
    '@opentelemetry/api',
    '@opentelemetry/exporter-trace-otlp-http',
    '@opentelemetry/resources',
    '@opentelemetry/sdk-trace-node',
  ],
  typedRoutes: true,
  // `npm test` and `npm run check` check all types; whoever builds what is there would wait for it once more.
  typescript: { ignoreBuildErrors: true },
}

export default config
