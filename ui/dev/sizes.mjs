import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Vite plugin: prints the compressed size of every script and fails the build when the first load breaks its budget. */
export function printSizes({ budgetInKilobytes }) {
  let outDir = 'dist';
  let building = false;
  return {
    name: 'clientele-sizes',
    configResolved(config) {
      outDir = config.build.outDir;
      building = config.command === 'build' && !process.env.VITEST;
    },
    closeBundle() {
      if (!building) return;
      const html = readFileSync(join(outDir, 'index.html'), 'utf8');
      const scripts = readdirSync(join(outDir, 'assets')).filter((name) => name.endsWith('.js'));
      const sizes = scripts.map((name) => ({
        name,
        first: html.includes(name),
        kilobytes: gzipSync(readFileSync(join(outDir, 'assets', name))).length / 1024,
      }));
      sizes.sort((a, b) => b.kilobytes - a.kilobytes);
      const first = sizes.filter((s) => s.first).reduce((sum, s) => sum + s.kilobytes, 0);
      console.log('\nCompressed scripts (gzip):');
      for (const s of sizes)
        console.log(`  ${s.kilobytes.toFixed(1).padStart(7)} kB  ${s.first ? 'first load ' : 'on demand  '} ${s.name}`);
      console.log(`  ${first.toFixed(1).padStart(7)} kB  first load in all (budget ${budgetInKilobytes} kB)`);
      if (first > budgetInKilobytes)
        throw new Error(`The first load is ${first.toFixed(1)} kB, over its budget of ${budgetInKilobytes} kB.`);
    },
  };
}
