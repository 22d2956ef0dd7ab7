#!/usr/bin/env node
/*
 * The entry. It runs on any Node, so that an old one is told in one line what is missing; everything else is loaded
 * after that check.
 */
const nodeMajorMin = 24;
const nodeMajor = Number(process.versions.node.split('.')[0]);

if (nodeMajor < nodeMajorMin) {
  process.stderr.write(
    `rollcall needs Node.js ${nodeMajorMin} or newer, and this is ${process.versions.node}. Start it with npx in the folder where it is installed, or install a newer Node.js.\n`,
  );
  process.exitCode = 1;
} else {
  const { enableCompileCache } = await import('node:module');
  // Halves the start. Beside the program, where nobody else may write; where the program may not either, it goes without.
  enableCompileCache(`${import.meta.dirname}/../node_modules/.cache/rollcall`);
  const { runProgram } = await import('./cli/run-program.ts');
  process.exitCode = await runProgram(process.argv.slice(2));
}
