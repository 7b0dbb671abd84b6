export { describe as describeFake, FakeDestination, FakeDisks, FakeMachine, type GuestOptions, Stage, type Step, storage as fakeStorage } from './testing/fake-machine.js';
