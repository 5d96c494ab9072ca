import { loadAnything } from './anything.ts';

loadAnything(2_000);
