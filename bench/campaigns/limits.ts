/** How long a campaign goes on: until `count` is reached, or until a time has come (as of `Date.now()`). */
export interface Limits {
  count: number;
  seed: number;
  until: number;
}
