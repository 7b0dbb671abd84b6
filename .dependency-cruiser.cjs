/** The one rule of direction, checked: apps import packages; packages import no app and, `wire` and `password` aside, not each other. */
module.exports = {
  forbidden: [
    {
      name: 'packages-import-wire-and-password-only',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src' },
      to: { path: '^(packages|apps|tools)/', pathNot: '^packages/(wire|password|$1)/' },
    },
    {
      name: 'control-plane-loads-no-engine',
      comment: 'apps/api and apps/cli never load the emulator or the RDP server; the API judges logins to itself',
      severity: 'error',
      from: { path: '^apps/(api|cli)/src' },
      to: { path: '^packages/(emulator|rdp)/' },
    },
    {
      name: 'judging-is-loaded-at-the-first-login',
      comment: 'the API starts without packages/auth: one file names it, and is imported when somebody logs in',
      severity: 'error',
      from: { path: '^apps/api/src', pathNot: ['^apps/api/src/logins/judging[.]ts$', '[.]test[.]ts$'] },
      to: { path: '^packages/auth/' },
    },
    {
      name: 'cli-knows-the-client-only',
      comment: 'and how a password is kept',
      severity: 'error',
      from: { path: '^apps/cli/src', pathNot: '[.]test[.]ts$' },
      to: { path: '^(packages|apps)/', pathNot: '^(packages/(client|password)|apps/cli)/' },
    },
    { name: 'no-cycles', severity: 'error', from: { path: '^(packages|apps)/' }, to: { circular: true } },
    {
      name: 'a-package-has-one-face',
      comment: 'other workspaces are reached by their name, never into their folders',
      severity: 'error',
      from: { path: '^(packages|apps|tools)/([^/]+)/src' },
      to: { path: '^(packages|apps|tools)/([^/]+)/(src|dist)/', pathNot: ['^$1/$2/', '/(dist|src)/(index|testing|client/index|testing/index)[.]'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|/dist/' },
    exclude: { path: '[.]d[.]ts$' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'default'] },
  },
};
