/** Lint rules: what finds bugs. Layout is prettier's. */
import tseslint from 'typescript-eslint';

/** An underscore marks what is there only to be left out. */
const unused = { argsIgnorePattern: '^_', varsIgnorePattern: '^_' };

export default tseslint.config(
  { ignores: ['node_modules/', 'dist/', 'build/', 'media/', 'sample/', '.vitune/', '**/.venv/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Nothing is caught to be dropped, and no promise is left alone.
      'no-empty': ['error', { allowEmptyCatch: false }],
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['test', 'it', 'describe', 'suite'], package: 'node:test' },
          ],
        },
      ],
      '@typescript-eslint/no-misused-promises': [
        'error',
        { checksVoidReturn: { arguments: false, attributes: false } },
      ],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', unused],
      // The index is checked by noUncheckedIndexedAccess; where a loop bound proves it, `!` is the honest form.
      '@typescript-eslint/no-non-null-assertion': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    // Names from outside must not become links in a notification.
    files: ['src/extension/**/*.ts'],
    ignores: ['src/extension/notify.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MemberExpression[property.name=/^show(Information|Warning|Error)Message$/]',
          message: 'Use notify() or ask() of src/extension/notify.ts.',
        },
      ],
    },
  },
  {
    // The same for progress.
    files: ['src/extension/**/*.ts'],
    ignores: ['src/extension/progress.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { property: 'withProgress', message: 'Use withProgress() of src/extension/progress.ts.' },
      ],
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    extends: [tseslint.configs.recommended],
    rules: {
      'no-empty': ['error', { allowEmptyCatch: false }],
      '@typescript-eslint/no-unused-vars': ['error', unused],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
);
