#!/usr/bin/env node
require('../dist/programs/manage.cjs').run(process.argv.slice(2));
