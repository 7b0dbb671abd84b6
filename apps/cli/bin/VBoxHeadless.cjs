#!/usr/bin/env node
require('../dist/programs/headless.cjs').run('VBoxHeadless', process.argv.slice(2));
