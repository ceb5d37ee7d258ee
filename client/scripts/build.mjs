// Builds dist: one ESM and one CommonJS file an entry, with types beside them.
// Adapters import the core by the package's own name, so an app loads it once.
import { execFileSync } from 'node:child_process'
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const entries = {
  index: 'src/core/index.ts',
  memory: 'src/stores/memory.ts',
  dexie: 'src/stores/dexie.ts',
  rxdb: 'src/rxdb/index.ts',
  watermelondb: 'src/watermelondb/index.ts',
}
rmSync('dist', { recursive: true, force: true })
for (const format of ['esm', 'cjs']) {
  await build({
    entryPoints: entries, outdir: 'dist', bundle: true, format, platform: 'neutral', target: 'es2022',
    packages: 'external', external: ['@pursuit/client'], outExtension: { '.js': format === 'esm' ? '.js' : '.cjs' }, logLevel: 'warning',
  })
}
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
for (const file of readdirSync('dist/types', { recursive: true })) {
  const from = join('dist/types', file)
  if (!from.endsWith('.d.ts')) continue
  const to = from.replace(/\.d\.ts$/, '.d.cts')
  copyFileSync(from, to)
  writeFileSync(to, readFileSync(to, 'utf8').replace(/(from '\.[^']*)\.js'/g, "$1.cjs'"))
}
