#!/usr/bin/env node
import { belvedere } from '../dist/belvedere/main.js';

process.exitCode = await belvedere(process.argv.slice(2));
