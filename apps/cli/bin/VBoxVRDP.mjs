#!/usr/bin/env node
import { headless } from '../dist/headless/main.js';

process.exitCode = await headless('VBoxVRDP', process.argv.slice(2));
