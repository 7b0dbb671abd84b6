#!/usr/bin/env node
require('../dist/programs/headless.cjs').run('VBoxVRDP', process.argv.slice(2));
