export { manage } from './manage/main.js';
export { headless } from './headless/main.js';
export { belvedere } from './belvedere/main.js';
