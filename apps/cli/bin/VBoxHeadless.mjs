#!/usr/bin/env node
import { headless } from '../dist/headless/main.js';

process.exitCode = await headless('VBoxHeadless', process.argv.slice(2));
