#!/usr/bin/env node
require('../dist/programs/belvedere.cjs').run(process.argv.slice(2));
