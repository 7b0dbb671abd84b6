export { type Api, type ApiOptions, HomeInUseError, startApi } from './api.js';
export { Home, homeFolder } from './home/home.js';
