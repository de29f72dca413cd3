import type { NextConfig } from 'next'
import { processEnvironment, readConfig } from './src/server/platform/config.ts'

// A bad environment fails here, before anything is built or served.
readConfig(processEnvironment())

const config: NextConfig = {
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
