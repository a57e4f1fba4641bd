// Checks dashboards against the types that Grafana publishes: `node check.mjs [file.json ...]`, the generated ones by default.
// Each part of a dashboard becomes a constant of its type, and the TypeScript compiler says which do not fit: fields that are not
// known, values of the wrong type, fields that are missing.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const generated = resolve(here, '../../../monitoring/generated/dashboards');
const work = join(here, 'node_modules', '.cache', 'check'); // below node_modules, so that the types are found

const types = { gauge: 'Gauge', row: 'Row', stat: 'Stat', table: 'Table', timeseries: 'TimeSeries' };

function source(file) {
  const { panels, ...dashboard } = JSON.parse(readFileSync(file, 'utf8'));
  const constants = [['dashboard', 'DashboardWithoutPanels', dashboard]];
  const unknown = [];
  for (const panel of panels) {
    if (types[panel.type] === undefined) {
      unknown.push(`${file}: panel ${panel.id} has the type ${panel.type}, which this check has no type for`);
      continue;
    }
    constants.push([`panel${panel.id}`, types[panel.type], panel]);
  }
  const lines = constants.map(([name, type, value]) => `export const ${name}: types.${type} = ${JSON.stringify(value, null, 2)};`);
  return { text: `import type * as types from '../../../types';\n${lines.join('\n')}\n`, count: constants.length, unknown };
}

const files = process.argv.length > 2
  ? process.argv.slice(2)
  : readdirSync(generated).filter((name) => name.endsWith('.json')).map((name) => join(generated, name));
rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });

const problems = [];
let parts = 0;
const sources = files.map((file) => {
  const { text, count, unknown } = source(file);
  problems.push(...unknown);
  parts += count;
  const name = join(work, `${basename(file, '.json')}.ts`);
  writeFileSync(name, text);
  return name;
});
const compiler = join(here, 'node_modules', 'typescript', 'bin', 'tsc');
const options = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--noErrorTruncation', '--skipLibCheck', '--ignoreConfig',
  '--target', 'esnext', '--module', 'esnext', '--moduleResolution', 'bundler'];
const run = spawnSync(process.execPath, [compiler, ...options, ...sources], { encoding: 'utf8', cwd: here });
if (run.error !== undefined || run.status !== 0) {
  problems.push(run.error?.message ?? (run.stdout + run.stderr).trim());
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
const { version } = JSON.parse(readFileSync(join(here, 'node_modules', '@grafana', 'schema', 'package.json'), 'utf8'));
console.log(`${files.length} dashboards, ${parts} parts: as the types of Grafana ${version} have it`);
