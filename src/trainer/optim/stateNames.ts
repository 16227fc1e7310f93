/** Names of the inputs and outputs of a step that belong to a parameter, besides its own. */

export const names = {
  moment1: (parameter: string) => `m:${parameter}`,
  moment2: (parameter: string) => `v:${parameter}`,
  gradient: (parameter: string) => `g:${parameter}`,
  average: (parameter: string) => `e:${parameter}`,
  /** The output that takes the place of the input `name` in the next step. */
  next: (name: string) => `next:${name}`,
};
