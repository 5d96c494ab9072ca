import { loadAnything } from './anything.ts';

loadAnything(60);
