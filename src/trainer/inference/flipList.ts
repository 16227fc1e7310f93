/** The list of the images whose answer changed between two models: what it was, what it is, and what is right. */
import type { ImageList } from '../../shared/imageList.js';
import { ChoiceBuilder, ImageListBuilder, NumberBuilder } from '../../shared/imageListBuilder.js';
import type { Flip, SplitName, Task } from '../protocol.js';

export class FlipList {
  readonly #images = new ImageListBuilder();
  readonly #rows = new Map<string, number>();
  readonly #split = new ChoiceBuilder({ id: 'split' }, ['train', 'validation', 'test']);
  readonly #tasks: ReadonlyMap<string | undefined, ReturnType<typeof columnsOf>>;

  constructor(tasks: readonly Task[]) {
    this.#tasks = new Map(
      tasks.map((task) =>
        tasks.length > 1 ? [task.name, columnsOf(task, { task: task.name })] : [undefined, columnsOf(task, {})],
      ),
    );
  }

  /** `part` is of the run of the second model, and `probability` of its answer. */
  add({ path, was, is, truth, task }: Omit<Flip, 'type'>, part: SplitName | undefined, probability: number): void {
    const row = this.#rows.get(path) ?? this.#images.add(path);
    this.#rows.set(path, row);
    if (part) this.#split.set(row, part);
    const columns = this.#tasks.get(task)!;
    columns.label.set(row, truth);
    columns.was.set(row, was);
    columns.prediction.set(row, is);
    columns.probability.set(row, probability);
    columns.change.set(row, was === truth ? 'wasRight' : is === truth ? 'isRight' : 'neither');
  }

  list(): ImageList {
    return this.#images.list([...[...this.#tasks.values()].flatMap((columns) => Object.values(columns)), this.#split]);
  }
}

const columnsOf = ({ labels }: Task, about: { task?: string }) => ({
  label: new ChoiceBuilder({ id: 'label', ...about }, labels),
  was: new ChoiceBuilder({ id: 'was', ...about }, labels),
  prediction: new ChoiceBuilder({ id: 'prediction', ...about }, labels),
  probability: new NumberBuilder({ id: 'probability', ...about }, 'percent'),
  change: new ChoiceBuilder({ id: 'change', ...about }, ['wasRight', 'isRight', 'neither']),
});
