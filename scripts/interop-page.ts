/** Writes docs/interop.md as the interoperation tests show it when every cell passes. */
import { writeFileSync } from 'node:fs'
import { PAGE, wholePage } from '../__test__/interop/page.ts'

writeFileSync(PAGE, wholePage())
