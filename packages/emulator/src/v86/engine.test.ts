import { describeEngine } from '../testing.js';
import { v86Engine } from './engine.js';

describeEngine(v86Engine);
