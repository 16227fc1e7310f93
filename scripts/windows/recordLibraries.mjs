/** Preloaded into each process of a run: writes down, as it ends, which libraries were loaded, and from where. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env.VITUNE_TEST_LIBRARIES;
if (folder)
  process.on('exit', () =>
    writeFileSync(join(folder, `${process.pid}.json`), JSON.stringify(process.report.getReport().sharedObjects)),
  );
