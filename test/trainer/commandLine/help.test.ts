/** Help, documentation and completion follow from the rows of the commands. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../../scripts/ensure-installed.mjs';
import { commandNames, commands, shells, type CommandRow } from '../../../src/trainer/commandLine/commands.js';
import { completionScript } from '../../../src/trainer/commandLine/completion.js';
import { commandHelp, commandsPage } from '../../../src/trainer/commandLine/help.js';
import { parseArguments } from '../../../src/trainer/commandLine/parseArguments.js';
import { temporaryFolder } from '../data/images.js';

const rowOf = (name: (typeof commandNames)[number]): CommandRow => commands[name];

test('the help of a command shows each option, its default and an example', () => {
  for (const name of commandNames) {
    const help = commandHelp(name);
    const plain = help.replaceAll(/\s+/g, ' ');
    for (const [key, option] of Object.entries(rowOf(name).options)) {
      assert.ok(help.includes(`\n  --${key}`), `${name} --${key}`);
      assert.ok(plain.includes(option.help()), `${name} --${key}`);
      if (option.placeholder === undefined) continue;
      assert.ok(option.example, `${name} --${key} has an example`);
      assert.ok(plain.includes(`Example: --${key} ${option.example}`), `${name} --${key}`);
      if (option.default) assert.ok(plain.includes(`Default: ${option.default}.`), `${name} --${key}`);
    }
    const [, , ...body] = help.split('\n');
    for (const line of body) assert.ok(line.length <= 100 || line.startsWith('Usage:'), line);
  }
});

test('every example in the help is a call that the parser accepts', () => {
  for (const name of commandNames) {
    const { examples, options } = rowOf(name);
    assert.ok(examples.length > 0, name);
    for (const example of examples) {
      const [command, ...args] = example.split(' ');
      assert.equal(command, name);
      parseArguments(name, args);
    }
    for (const [key, option] of Object.entries(options))
      if (option.example) option.read([option.example], key, (message) => assert.fail(`${name} --${key}: ${message}`));
  }
});

test('arguments are read as the row says: defaults, lists, former names, a value after =', () => {
  assert.deepEqual(parseArguments('classify', ['a', 'b', '--checkpoint', 'c']), {
    operands: ['a', 'b'],
    checkpoint: 'c',
    top: 5,
    accept: undefined,
    device: undefined,
    json: false,
  });
  assert.deepEqual(parseArguments('train', ['a', '--set', 'x=1', '--set=y=-2', '--json']), {
    operands: ['a'],
    set: ['x=1', 'y=-2'],
    resume: false,
    again: undefined,
    profile: false,
    'dry-run': false,
    json: true,
  });
  assert.equal(parseArguments('evaluate', ['--checkpoint', 'a', '--dataset', 'b', '--pictures']).images, true);
  assert.deepEqual(parseArguments('inspect', ['--', '--odd name']).operands, ['--odd name']);
});

test('docs/commands.md matches the rows: `npm run docs` writes it', () => {
  assert.equal(readFileSync(join(root, 'docs', 'commands.md'), 'utf8'), commandsPage());
});

/** What bash offers for the words typed, the last of which is being typed. */
function bashOffers(...typed: string[]): string[] {
  const words = ['vitune', ...typed].map((word) => `'${word}'`).join(' ');
  const script = `${completionScript('bash')}
COMP_WORDS=(${words}); COMP_CWORD=${typed.length}; _vitune; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout.split('\n').filter(Boolean);
}

const hasProgram = (name: string): boolean => spawnSync(name, ['-c', 'exit 0']).status === 0;

test('completion in bash', { skip: !hasProgram('bash') && 'bash is not installed' }, () => {
  assert.deepEqual(bashOffers('').sort(), [...commandNames, 'help', '--help', '--version'].sort());
  assert.deepEqual(bashOffers('exp'), ['explain', 'export']);
  assert.deepEqual(bashOffers('export', '--format', '').sort(), ['onnx', 'peft', 'transformers']);
  assert.deepEqual(bashOffers('export', '--f'), ['--format']);
  assert.deepEqual(bashOffers('export', '--output', 'x'), [], 'files are the shell’s own');
  assert.deepEqual(bashOffers('completion', 'z'), ['zsh']);
  assert.deepEqual(bashOffers('help', 'tr'), ['train']);
  for (const name of commandNames)
    assert.deepEqual(
      bashOffers(name, '--').sort(),
      [...Object.keys(rowOf(name).options).map((key) => `--${key}`), '--help'].sort(),
    );
});

for (const shell of shells)
  test(`the script for ${shell} is valid`, { skip: !hasProgram(shell) && `${shell} is not installed` }, async (t) => {
    const script = join(await temporaryFolder(t), 'script');
    await writeFile(script, completionScript(shell));
    const { status, stderr } = spawnSync(shell, ['-n', script], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });
