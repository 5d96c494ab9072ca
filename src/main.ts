#!/usr/bin/env node
import { processIo } from './cli/io.ts';
import { leave } from './cli/leave.ts';
import { main } from './cli/program.ts';

await leave(await main(process.argv.slice(2), processIo), processIo);
